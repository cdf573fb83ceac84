"""How a text that people read or accept comes into force, and how it is corrected (SCREENS A3).

A version begins as a draft, is published by the national administration, comes into force on its day
and is replaced by the next one. The administration's screens call these use cases and say who may.
"""

from __future__ import annotations

from datetime import date

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from audit import journal
from schools.school_year import today

from .models import PolicyDocument, User
from .models.policies import RULES

PUBLISHED = journal.register_act("policy.published", _("Texte de référence publié"))
TAKEN_BACK = journal.register_act(
    "policy.taken_back", _("Texte de référence retiré avant son entrée en vigueur")
)
DRAFTED = journal.register_act("policy.drafted", _("Nouvelle version d’un texte de référence commencée"))
WRITTEN = journal.register_act("policy.written", _("Brouillon d’un texte de référence écrit"))

SENTENCES = {
    "published": _("Ce texte est déjà publié : il ne change plus. Faites-en une nouvelle version."),
    "empty": _("Écrivez le titre et le texte avant de publier."),
    "too_early": _("Choisissez une date qui suit le %(day)s : une autre version commence ce jour-là."),
    "past": _("Choisissez aujourd’hui ou un jour à venir : un texte ne s’applique pas avant d’être publié."),
    "no_french": _("Publiez d’abord le texte français de cette version : c’est lui qui fait foi."),
    "other_day": _("La traduction entre en vigueur le même jour que le texte français : le %(day)s."),
    "in_force": _("Ce texte est déjà en vigueur : il reste. Faites-en une nouvelle version."),
    "draft": _("Ce texte est un brouillon : changez-le directement."),
}


class Refused(Exception):
    """A text cannot be published, or taken back. ``code`` says why, ``str()`` is the sentence for staff."""

    def __init__(self, code: str, day: date | None = None) -> None:
        super().__init__(code)
        self.code, self.day = code, day

    def __str__(self) -> str:
        """The sentence, in the language of the page."""
        return str(SENTENCES[self.code]) % {"day": date_format(self.day, "j F Y") if self.day else ""}


def publish(document: PolicyDocument, *, by: User) -> PolicyDocument:
    """Publish a draft; from its day on it is the text in force, and it never changes again.

    A French text begins a version: not in the past, and after every other version of it. The first
    version of a text is a major one, whatever the draft says. A translation joins the French text of
    its version, which must be published, from the same day and as important.

    Raises :class:`Refused`.
    """
    with transaction.atomic():
        document = _locked(document)
        if document.published_at is not None:
            raise Refused("published")
        if not document.title.strip() or not document.body.strip():
            raise Refused("empty")
        siblings = PolicyDocument.objects.published().filter(kind=document.kind, language=RULES)
        if document.language == RULES:
            newest = siblings.order_by("-in_force_from").first()
            if newest is None:
                document.major = True
            elif document.in_force_from <= newest.in_force_from:
                raise Refused("too_early", newest.in_force_from)
            if document.in_force_from < today():
                raise Refused("past")
        else:
            french = siblings.filter(version=document.version).first()
            if french is None:
                raise Refused("no_french")
            if document.in_force_from != french.in_force_from:
                raise Refused("other_day", french.in_force_from)
            document.major = french.major
        document.published_at = timezone.now()
        document.save(update_fields=["major", "published_at"])
        _record(PUBLISHED, document, by)
    return document


def take_back(document: PolicyDocument, *, by: User) -> PolicyDocument:
    """Make a text that is published but not in force yet a draft again, its translations with it.

    Raises :class:`Refused` from its day on: people may have accepted it.
    """
    with transaction.atomic():
        document = _locked(document)
        if document.published_at is None:
            raise Refused("draft")
        if document.in_force_from <= today():
            raise Refused("in_force")
        texts = [document]
        if document.language == RULES:
            texts = list(
                PolicyDocument.objects.published().filter(kind=document.kind, version=document.version)
            )
        for text in texts:
            text.published_at = None
            text.save(update_fields=["published_at"])
            _record(TAKEN_BACK, text, by)
    document.published_at = None
    return document


def new_version(document: PolicyDocument, *, by: User) -> PolicyDocument:
    """Copy a version, in all its languages, into drafts of the next one; return that of the same language.

    The drafts begin minor and today. Their number carries on from the one copied (« 2026-1 » becomes
    « 2026-1.1 »), so that a version that the portal ships later never meets it.
    """
    with transaction.atomic():
        document = _locked(document)
        version = _next_version(document)
        texts = PolicyDocument.objects.filter(kind=document.kind, version=document.version).order_by("id")
        drafts = {
            text.language: PolicyDocument.objects.create(
                kind=text.kind,
                version=version,
                language=text.language,
                title=text.title,
                summary=text.summary,
                body=text.body,
                in_force_from=today(),
                major=False,
            )
            for text in texts
        }
        _record(DRAFTED, drafts[document.language], by)
    return drafts[document.language]


def note_writing(document: PolicyDocument, *, by: User) -> None:
    """Note in the journal that a draft was written, or changed."""
    _record(WRITTEN, document, by)


def _next_version(document: PolicyDocument) -> str:
    root = document.version.partition(".")[0][:16]
    taken = set(PolicyDocument.objects.filter(kind=document.kind).values_list("version", flat=True))
    number = 1
    while f"{root}.{number}" in taken:
        number += 1
    return f"{root}.{number}"


def _locked(document: PolicyDocument) -> PolicyDocument:
    """Return the row as it is now; all texts of its kind are held until the end of the transaction."""
    texts = PolicyDocument.objects.select_for_update().filter(kind=document.kind).order_by("pk")
    return next(text for text in texts if text.pk == document.pk)


def _record(act: str, document: PolicyDocument, by: User) -> None:
    journal.record(act=act, actor=by.subject, subject=f"policy:{document.pk}")
