"""The texts that people read and accept, and the ledger of who accepted what."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.core.validators import RegexValidator
from django.db import models
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _

from economy.remembered import forget, remembered
from schools.school_year import today

from .people import User

RULES = "fr"  # the language of the text that counts in case of doubt
VERSION = r"^[0-9A-Za-z][0-9A-Za-z.-]*$"  # it stands in addresses


class PolicyDocumentQuerySet(models.QuerySet["PolicyDocument"]):
    """Texts, by where they stand.

    A version is a French text and, perhaps, its translations: they share ``version`` and
    ``in_force_from``, and accepting either is accepting the version. No two versions of a text begin
    on the same day, so that the dates put them in order.
    """

    def drafts(self) -> PolicyDocumentQuerySet:
        """Return what can still be changed, and nobody sees."""
        return self.filter(published_at=None)

    def published(self) -> PolicyDocumentQuerySet:
        """Leave out the drafts."""
        return self.exclude(published_at=None)

    def with_state(self) -> PolicyDocumentQuerySet:
        """Work out for all rows at once what :attr:`PolicyDocument.state` needs."""
        newer = PolicyDocument.objects.published().filter(
            kind=models.OuterRef("kind"),
            language=RULES,
            in_force_from__gt=models.OuterRef("in_force_from"),
            in_force_from__lte=today(),
        )
        return self.annotate(replaced=models.Exists(newer))

    def newest_major(self, kind: str) -> PolicyDocumentQuerySet:
        """Return the major versions in force, the newest first, from which on one is asked no more."""
        major = self.published().filter(kind=kind, language=RULES, major=True, in_force_from__lte=today())
        return major.order_by("-in_force_from")

    def texts_in_force(self, kind: str, language: str = RULES) -> PolicyDocumentQuerySet:
        """Return the version in force today in each of its languages, ``language`` first."""
        newest = (
            PolicyDocument.objects.published()
            .filter(kind=kind, language=RULES, in_force_from__lte=today())
            .order_by("-in_force_from")
        )
        return (
            self.published()
            .filter(kind=kind, version=models.Subquery(newest.values("version")[:1]))
            .order_by(models.Case(models.When(language=language, then=0), default=1), "-language")
        )

    def in_force(self, kind: str, language: str = RULES) -> PolicyDocumentQuerySet:
        """Return the text in force today, as a queryset of one row at most.

        In another language than French, its translation if there is one: the French text rules.
        """
        return self.texts_in_force(kind, language).filter(language__in={language, RULES})[:1]

    def to_accept(
        self, kind: str, user: User | models.OuterRef, language: str = RULES
    ) -> PolicyDocumentQuerySet:
        """Return the text in force if this person has to accept it, one row at most (SCREENS A3).

        They do unless they accepted the newest major version in force or one that came after it: a
        minor version asks nobody again. Who accepted nothing has to accept the version in force.
        """
        newest_major = PolicyDocument.objects.newest_major(kind)
        accepted = PolicyAcceptance.objects.filter(
            user=user,
            document__kind=kind,
            document__in_force_from__gte=Coalesce(
                models.Subquery(newest_major.values("in_force_from")[:1]), models.Value(date.min)
            ),
        )
        return (
            self.texts_in_force(kind, language)
            .filter(~models.Exists(accepted))
            .filter(language__in={language, RULES})[:1]
        )


@remembered(30)
def texts_now(kind: str, language: str, _day: date) -> tuple[PolicyDocument, ...]:
    """Return the version in force in each of its languages, ``language`` first, as all who come meet it.

    Another process sees a version that was just published half a minute later; what a person has accepted
    is never remembered (:meth:`PolicyDocumentQuerySet.to_accept`, :mod:`accounts.standing`).
    """
    return tuple(PolicyDocument.objects.texts_in_force(kind, language))


def terms_in_force(language: str, day: date) -> tuple[PolicyDocument, ...]:
    """Return the terms in force, as :func:`texts_now`."""
    return texts_now(PolicyDocument.Kind.TERMS, language, day)


@remembered(30)
def versions_that_do(kind: str, _day: date) -> frozenset[int]:
    """Return the keys of the texts that ask nobody again who accepted one of them: as ``to_accept`` judges.

    Those of the newest major version in force and of all that come after it; of all, without a major one.
    """
    major = PolicyDocument.objects.newest_major(kind).first()
    texts = PolicyDocument.objects.published().filter(kind=kind)
    since = major.in_force_from if major else date.min
    return frozenset(texts.filter(in_force_from__gte=since).values_list("pk", flat=True))


class PolicyDocument(models.Model):
    """One version of a text that people accept or are told of (SCREENS A3).

    From the day it comes into force a published text never changes, whoever asks: a trigger refuses
    it (migration 0003). A correction is a new version (:mod:`accounts.publishing`).
    """

    class Kind(models.TextChoices):
        TERMS = "terms", _("Conditions d’utilisation")
        DATA_PROTECTION = "data_protection", _("Protection des données personnelles")
        CHARTER_PUPILS = "charter_pupils", _("Charte des élèves")
        CHARTER_GUARDIANS = "charter_guardians", _("Charte des responsables légaux")
        CHARTER_STAFF = "charter_staff", _("Charte des personnels")
        LEGAL_NOTICE = "legal_notice", _("Mentions légales")
        ACCESSIBILITY = "accessibility", _("Accessibilité")
        COOKIES = "cookies", _("Cookies")

    class State(models.TextChoices):
        DRAFT = "draft", _("Brouillon")
        COMING = "coming", _("Publié, pas encore en vigueur")
        IN_FORCE = "in_force", _("En vigueur")
        REPLACED = "replaced", _("Remplacé")

    kind = models.CharField(_("texte"), max_length=20, choices=Kind)
    version = models.CharField(
        _("version"),
        max_length=20,
        validators=[
            RegexValidator(
                VERSION, _("Des chiffres, des lettres, des points et des tirets : « 2026-2 », par exemple.")
            )
        ],
    )
    language = models.CharField(
        _("langue"), max_length=8, default=RULES, choices=[("fr", "Français"), ("en", "English")]
    )
    title = models.CharField(_("titre"), max_length=200)
    summary = models.TextField(_("résumé"), blank=True)
    body = models.TextField(_("texte complet"), help_text="Markdown")
    in_force_from = models.DateField(_("en vigueur à partir du"))
    # A major version asks everybody for a new consent; a minor one (a misprint, a new phone number) does not.
    major = models.BooleanField(_("demande un nouvel accord"), default=True)
    published_at = models.DateTimeField(_("publié le"), null=True, editable=False)  # None: a draft

    objects = PolicyDocumentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "version", "language"], name="one_text_per_version"),
            models.UniqueConstraint(
                fields=["kind", "language", "in_force_from"],
                name="one_version_begins_a_day",
                condition=models.Q(published_at__isnull=False),
                violation_error_message=_("Une autre version de ce texte commence ce jour-là."),
            ),
            models.CheckConstraint(
                name="policy_version_in_addresses", condition=models.Q(version__regex=VERSION)
            ),
        ]
        verbose_name = _("texte de référence")
        verbose_name_plural = _("textes de référence")
        indexes = [models.Index(fields=["kind", "language", "-in_force_from"], name="policy_in_force")]

    def __str__(self) -> str:
        return f"{self.kind} {self.version} ({self.language})"

    def save(self, *args: Any, **options: Any) -> None:
        """Write it; pages that show the former text are drawn anew."""
        super().save(*args, **options)
        forget()

    @property
    def state(self) -> PolicyDocument.State:
        """Where this text stands today. Asks the database unless it came ``with_state()``."""
        if self.published_at is None:
            return self.State.DRAFT
        if self.in_force_from > today():
            return self.State.COMING
        replaced = self.__dict__.get("replaced")
        if replaced is None:
            replaced = PolicyDocument.objects.with_state().get(pk=self.pk).__dict__["replaced"]
        return self.State.REPLACED if replaced else self.State.IN_FORCE


class PolicyAcceptance(models.Model):
    """Who accepted which version of a text, in which language, when, and on whose behalf.

    ``by_guardian``: the person with parental responsibility did it for the child whose account this is.
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="acceptances")
    document = models.ForeignKey(PolicyDocument, on_delete=models.PROTECT, related_name="acceptances")
    accepted_at = models.DateTimeField(db_default=Now())
    by_guardian = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "document"], name="one_acceptance_per_document")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} → {self.document_id}"
