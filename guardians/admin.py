"""What the DANE does for a guardian who cannot get in: found by the name of the child (SAFETY T50, T53)."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.admin.refusals import asked_by
from accounts.forms import SubmissionField
from accounts.powers import Power
from back_office import paging
from back_office.acts import Act, ReasonForm, Refused, on_one
from back_office.scoped import ScopedAdmin
from schools import reading
from schools.models import GuardianContact, GuardianTie, Student
from schools.search_key import prefix_query, words_of

from . import children_accounts, declaring, pairing, reopening
from .code_sheet import sheet
from .models import GIVES_ACCESS, PairingCode

MOST_CHILDREN = 5_000  # whose keys are handed over to find their ties


class GiveCodeForm(ReasonForm):
    """Why; sent twice, it gives one code."""

    submission = SubmissionField()


def _give(request: HttpRequest, tie: GuardianTie, said: dict[str, Any]) -> None:
    try:
        code = pairing.give(tie, by=asked_by(request), submission=said["submission"], reason=said["reason"])
    except pairing.NotGiven as refusal:
        raise Refused(str(refusal.why)) from refusal
    vars(request)["code_given"] = code  # for the page that shows it, this once


def _revoke(request: HttpRequest, tie: GuardianTie, said: dict[str, Any]) -> None:
    for given in PairingCode.objects.unused().filter(tie=tie):
        pairing.revoke(given, by=asked_by(request), reason=said["reason"])


def _reopen(request: HttpRequest, tie: GuardianTie, said: dict[str, Any]) -> None:
    try:
        reopening.reopen(tie.student, by=asked_by(request), reason=said["reason"])
    except reopening.NotAllowed as refusal:
        raise Refused(_now("Cet élève n’est plus dans votre académie.")) from refusal


def _reopen_school(request: HttpRequest, tie: GuardianTie, said: dict[str, Any]) -> None:
    try:
        reopening.reopen_school(tie.contact.school, by=asked_by(request), reason=said["reason"])
    except reopening.NotAllowed as refusal:
        raise Refused(_now("Cet établissement n’est pas dans votre académie.")) from refusal


def _is_school_closed(_request: HttpRequest, tie: GuardianTie) -> bool:
    return declaring.closed_school(tie.contact.school) is not None


def _entrust(request: HttpRequest, tie: GuardianTie, said: dict[str, Any]) -> None:
    try:
        children_accounts.entrust(tie, by=asked_by(request), reason=said["reason"])
    except children_accounts.NotEntrusted as refusal:
        raise Refused(
            _now(
                "Cette personne ne peut pas s’en occuper : il faut qu’elle soit responsable légale, qu’elle "
                "ait un compte, et qu’elle y ait rattaché l’élève. Donnez-lui un code d’appairage."
            )
        ) from refusal


def _has_held_account(_request: HttpRequest, tie: GuardianTie) -> bool:
    return children_accounts.account_held(tie.student) is not None


@admin.register(GuardianTie)
class GuardianTieAdmin(ScopedAdmin):
    """« Liens avec des élèves »: a contact and a child, found by the child's name."""

    read_power = Power.ANSWER_FAMILIES
    needs_search = True
    search_help_text = _("Le prénom et le nom de l’élève (les accents ne comptent pas).")
    list_display = ("pupil", "person", "responsibility", "place")
    list_display_links = ("pupil",)
    list_select_related = ("student", "contact__school__academy")
    fields = readonly_fields = ("pupil", "person", "responsibility", "place", "codes", "dates")
    acts = (
        Act(
            name="donner-un-code",
            label=_("Donner un code d’appairage"),
            power=Power.ANSWER_FAMILIES,
            do=_give,
            done=_("Le code est donné."),
            explanation=_(
                "Le code remplace le SMS pour cette personne. Il sert une fois, pendant 7 jours, et n’est "
                "montré que sur la page suivante. Assurez-vous d’abord de qui demande."
            ),
            form=GiveCodeForm,
            grave=True,
        ),
        Act(
            name="annuler-les-codes",
            label=_("Annuler les codes donnés"),
            power=Power.ANSWER_FAMILIES,
            do=_revoke,
            done=_("Les codes de cette personne pour cet élève ne servent plus."),
        ),
        Act(
            name="confier-le-compte",
            label=_("Confier le compte de l’élève à ses responsables légaux"),
            power=Power.ANSWER_FAMILIES,
            do=_entrust,
            done=_("Le compte est confié. Cette personne peut y donner un nouveau mot de passe."),
            explanation=_(
                "Pour un compte d’enfant dont plus personne ne s’occupe. Cette personne, et les autres "
                "responsables légaux de la fiche qui ont un compte, pourront donner un nouveau mot de passe "
                "et recevront les messages."
            ),
            is_offered=_has_held_account,
            grave=True,
        ),
        Act(
            name="rouvrir-les-essais",
            label=_("Rouvrir les essais de date de naissance"),
            power=Power.ANSWER_FAMILIES,
            do=_reopen,
            done=_("Les dates de naissance peuvent de nouveau être essayées pour cet élève."),
            grave=True,
        ),
        Act(
            name="rouvrir-l-etablissement",
            label=_("Rouvrir les essais de tout l’établissement"),
            power=Power.ANSWER_FAMILIES,
            do=_reopen_school,
            done=_("Les dates de naissance peuvent de nouveau être essayées dans cet établissement."),
            explanation=_(
                "Vingt dates fausses ont été essayées aujourd’hui dans cet établissement : tout y est fermé. "
                "Assurez-vous d’abord avec lui que personne n’est en train de deviner."
            ),
            is_offered=_is_school_closed,
            grave=True,
        ),
    )

    def rows(self, request: HttpRequest, power: str) -> QuerySet[Any]:
        """Return the ties that the schools of this person's académies declare, and that give access."""
        scope = asked_by(request).scope(Power(power))
        ties = GuardianTie.objects.filter(removed_at=None, responsibility__in=GIVES_ACCESS)
        return ties if scope.everywhere else ties.filter(contact__in=GuardianContact.objects.open_to(scope))

    def search(self, request: HttpRequest, rows: QuerySet[Any], typed: str) -> QuerySet[Any]:
        """Find by the name of the child: the children of one's own first, then their ties.

        By their keys, so that PostgreSQL knows how few they are. Of a name that thousands of them have, any
        thousand and one ties do, for no list shows more and it says that it is cut; should those children
        have fewer, all ties are asked in one statement.
        """
        query = prefix_query(typed)
        if query is None:
            return rows.none()
        mine = Student.objects.living().open_to(asked_by(request).scope(Power(self.read_power)))
        children = mine.alias(words=words_of("search_key")).filter(words=query)
        keys = list(children.order_by().values_list("pk", flat=True)[: MOST_CHILDREN + 1])
        found = rows.filter(student__in=keys)
        if len(keys) <= MOST_CHILDREN:
            return found
        enough = list(found.order_by().values_list("pk", flat=True)[: paging.MOST + 1])
        if len(enough) > paging.MOST:
            return rows.filter(pk__in=enough)
        return rows.filter(Exists(children.filter(pk=OuterRef("student_id"))))

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any
    ) -> Any:
        """Show a tie; the journal says who looked (SAFETY T53)."""
        answer = super().changeform_view(request, object_id, *args, **kwargs)
        row = self.get_object(request, object_id) if object_id else None
        if row is not None:
            reading.note(row.student, by=asked_by(request).subject)
        return answer

    def act_view(self, request: HttpRequest, object_id: str, name: str) -> HttpResponse:
        """Do an act; a code that was given is shown at once, on a page of its own."""
        answer = on_one(self, request, object_id, name)
        code = vars(request).pop("code_given", "")
        if not code:
            return answer
        tie = self.rows(request, Power.ANSWER_FAMILIES).select_related("student", "contact").get(pk=object_id)
        back = reverse("admin:schools_guardiantie_change", args=[tie.pk])
        context = {
            **self.admin_site.each_context(request),
            **sheet(code, tie),
            "title": _("Code d’appairage"),
            "opts": self.opts,
            "back": back,
        }
        return TemplateResponse(request, "back_office/pairing_code.html", context)

    def row_name(self, row: GuardianTie) -> str:
        """Name the person and the child."""
        return f"{row.contact} — {row.student}"

    @admin.display(description=_("élève"))
    def pupil(self, row: GuardianTie) -> str:
        """The child."""
        return str(row.student)

    @admin.display(description=_("responsable"))
    def person(self, row: GuardianTie) -> str:
        """The contact of the school."""
        return str(row.contact)

    @admin.display(description=_("établissement"))
    def place(self, row: GuardianTie) -> str:
        """The school that says so."""
        return str(row.contact.school)

    @admin.display(description=_("codes qui n’ont pas servi"))
    def codes(self, row: GuardianTie) -> int:
        """How many codes are alive."""
        return PairingCode.objects.alive().filter(tie=row).count()

    @admin.display(description=_("dates de naissance"))
    def dates(self, row: GuardianTie) -> str:
        """Whether dates are judged for the child, and at its school."""
        if (closed := declaring.closed_school(row.contact.school)) is not None:
            return _now("fermées dans tout l’établissement ; réouverture %(wait)s") % {"wait": closed.wait}
        return str(_("bloquées") if reopening.is_locked(row.student) else _("ouvertes"))
