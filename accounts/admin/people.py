"""People: looked for, never browsed, and helped (SAFETY T53)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.timezone import localtime
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts import assistance, correspondence, merging, open_sessions, second_factor
from accounts.models import Custody, Power, User
from accounts.openid import parting
from back_office.acts import Act, ReasonForm
from back_office.scoped import ScopedAdmin
from notifications import outbox

from . import finding, refusals

NONE = "—"


def _act(use_case: Callable[..., Any]) -> Callable[[HttpRequest, User, dict[str, Any]], None]:
    def do(request: HttpRequest, person: User, said: dict[str, Any]) -> None:
        with refusals.in_words():
            use_case(person, by=refusals.asked_by(request), reason=said["reason"])

    return do


def _may_help(request: HttpRequest, person: User) -> bool:
    return assistance.may_help(refusals.asked_by(request), person)


def _is_active(request: HttpRequest, person: User) -> bool:
    return person.is_active and _may_help(request, person)


def _is_suspended(request: HttpRequest, person: User) -> bool:
    return not person.is_active and _may_help(request, person) and not merging.is_closed_by_one(person)


def _has_factor(request: HttpRequest, person: User) -> bool:
    return second_factor.has_one(person) and _may_help(request, person)


def _has_identity(request: HttpRequest, person: User) -> bool:
    return person.provider_identities.exists() and _may_help(request, person)


class AttachForm(ReasonForm):
    """Which member of a school's staff somebody is."""

    uai = forms.CharField(
        label=_("Code UAI de l’établissement"),
        max_length=8,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )
    identifier = forms.CharField(
        label=_("Identifiant académique ou courriel académique"),
        help_text=_("Tel qu’il est dans le fichier du personnel que l’établissement a donné."),
        max_length=254,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )


def _attach(request: HttpRequest, person: User, said: dict[str, Any]) -> None:
    with refusals.in_words():
        assistance.attach(
            person,
            uai=said["uai"],
            identifier=said["identifier"],
            by=refusals.asked_by(request),
            reason=said["reason"],
        )


def _is_attached(request: HttpRequest, person: User) -> bool:
    return person.staff_member_id is not None and _may_help(request, person)


@admin.register(User)
class PeopleAdmin(ScopedAdmin):
    """« Personnes »: nobody is listed before they are looked for."""

    read_power = Power.READ_PEOPLE
    needs_search = True
    search_help_text = finding.HELP
    list_display = ("full_name", "names", "address", "years", "state")
    list_display_links = ("full_name",)
    fields = readonly_fields = (
        "full_name", "names", "address", "years", "state", "held", "member", "role_names", "factor",
        "providers", "sessions", "messages", "joined", "last_login",
    )  # fmt: skip
    acts = (
        Act(
            name="rattacher",
            label=_("Rattacher à une fiche de personnel"),
            power=Power.MEND_PEOPLE,
            do=_attach,
            done=_("Le compte est rattaché. La personne en est informée par courriel."),
            explanation=_(
                "Un chef d’établissement ou un directeur peut ensuite déposer les fichiers de son propre "
                "établissement. Assurez-vous d’abord que c’est bien la personne."
            ),
            form=AttachForm,
            is_offered=_is_active,
            grave=True,
        ),
        Act(
            name="detacher",
            label=_("Détacher de la fiche de personnel"),
            power=Power.MEND_PEOPLE,
            do=_act(assistance.detach),
            done=_("Le compte n’est plus rattaché. La personne en est informée par courriel."),
            is_offered=_is_attached,
        ),
        Act(
            name="fermer-sessions",
            label=_("Fermer toutes les sessions"),
            power=Power.MEND_PEOPLE,
            do=_act(assistance.end_sessions),
            done=_("Toutes les sessions sont fermées. La personne en est informée par courriel."),
            explanation=_("La personne est déconnectée partout. Son mot de passe reste le même."),
            is_offered=_may_help,
            on_several=True,
        ),
        Act(
            name="nouveau-mot-de-passe",
            label=_("Obliger à choisir un nouveau mot de passe"),
            power=Power.MEND_PEOPLE,
            do=_act(assistance.require_new_password),
            done=_("Le mot de passe ne marche plus. Un courriel part pour en choisir un autre."),
            explanation=_(
                "Le mot de passe actuel cesse de marcher, la personne est déconnectée partout, et elle "
                "reçoit un courriel pour en choisir un autre. Vous ne le connaîtrez pas."
            ),
            is_offered=_is_active,
        ),
        Act(
            name="retirer-second-facteur",
            label=_("Retirer le second facteur"),
            power=Power.GIVE_ROLES,
            do=_act(assistance.remove_second_factor),
            done=_("Le second facteur est retiré. La personne en est informée par courriel."),
            explanation=_(
                "Pour qui a perdu son appareil et ses codes de secours. Assurez-vous d’abord que c’est bien "
                "la personne : ensuite, le mot de passe suffit."
            ),
            is_offered=_has_factor,
            grave=True,
        ),
        Act(
            name="retirer-fournisseurs",
            label=_("Retirer la connexion par un fournisseur d’identité"),
            power=Power.MEND_PEOPLE,
            do=_act(assistance.part_from_providers),
            done=_("Aucun fournisseur d’identité n’ouvre plus ce compte. La personne en est informée."),
            explanation=_(
                "Quand le fournisseur a donné à la personne une nouvelle identité, ou quand une autre "
                "personne est entrée par erreur. Toutes les sessions sont fermées. Qui revient par le "
                "fournisseur est reconnu à nouveau, par l’identifiant que déclarent les établissements : "
                "si c’est lui qui est faux, faites-le d’abord corriger."
            ),
            is_offered=_has_identity,
            grave=True,
        ),
        Act(
            name="suspendre",
            label=_("Suspendre le compte"),
            power=Power.MEND_PEOPLE,
            do=_act(assistance.suspend),
            done=_("Le compte est suspendu. La personne en est informée par courriel."),
            explanation=_("La personne ne peut plus se connecter. Rien n’est effacé."),
            is_offered=_is_active,
        ),
        Act(
            name="retablir",
            label=_("Rétablir le compte"),
            power=Power.MEND_PEOPLE,
            do=_act(assistance.restore),
            done=_("Le compte est rétabli. La personne en est informée par courriel."),
            is_offered=_is_suspended,
        ),
    )

    def rows(self, request: HttpRequest, power: str) -> QuerySet[Any]:
        """Return the people of the académies where this person has the power."""
        return User.objects.open_to(refusals.asked_by(request), Power(power))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return them with what the list shows of each."""
        return (
            super()
            .get_queryset(request)
            .prefetch_related("sign_in_names", "emailaddress_set", "enrolments__academy")
        )

    def search(self, request: HttpRequest, rows: QuerySet[Any], typed: str) -> QuerySet[Any]:
        """Find by name, by a name they sign in with, or by their confirmed address."""
        address = finding.address_typed(typed)
        if address is not None:
            found = User.objects.with_address(address).values_list("pk", flat=True)
            return rows.filter(pk__in=list(found[:2]))
        return finding.named(rows, typed, owner="user")

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any
    ) -> Any:
        """Show a person; the journal says who looked (SAFETY T53)."""
        answer = super().changeform_view(request, object_id, *args, **kwargs)
        person = self.get_object(request, object_id) if object_id else None
        if person is not None:
            assistance.note_reading(person, by=refusals.asked_by(request))
        return answer

    @admin.display(description=_("nom"))
    def full_name(self, person: User) -> str:
        """First name and name."""
        return person.full_name

    @admin.display(description=_("noms d’utilisateur"))
    def names(self, person: User) -> str:
        """The names they sign in with."""
        return ", ".join(name.name for name in person.sign_in_names.all()) or NONE

    @admin.display(description=_("adresse de courriel"))
    def address(self, person: Any) -> str:
        """The confirmed address."""
        return ", ".join(row.email for row in person.emailaddress_set.all() if row.verified) or NONE

    @admin.display(description=_("inscriptions"))
    def years(self, person: User) -> str:
        """Their school years, the latest first."""
        enrolments = sorted(person.enrolments.all(), key=lambda each: -each.school_year)
        lines = (
            (each.year.label, each.get_level_display(), each.academy or each.country_name)
            for each in enrolments
        )
        return format_html_join(", ", "{} {} ({})", lines) or NONE

    @admin.display(description=_("compte"))
    def state(self, person: User) -> str:
        """Open or suspended, or closed by its owner, and whether there is a password."""
        if not person.is_active:
            is_merged = merging.is_closed_by_one(person)
            return str(_("fermé : réuni à un autre compte de la personne") if is_merged else _("suspendu"))
        return str(_("ouvert") if person.has_usable_password() else _("attend un nouveau mot de passe"))

    @admin.display(description=_("compte d’enfant"))
    def held(self, person: User) -> str:
        """Whether guardians hold it, how many now, and how many of them get its letters; not who."""
        if not person.held_by_guardians:
            return NONE
        holders = Custody.objects.in_force().filter(child=person).count()
        if not holders:
            return str(_("personne ne s’en occupe en ce moment"))
        said = {"holders": holders, "readers": len(correspondence.holders_of(person))}
        return _now("responsables légaux : %(holders)s, dont avec une adresse : %(readers)s") % said

    @admin.display(description=_("personnel d’un établissement"))
    def member(self, person: User) -> str:
        """As what member of which school's staff they are known."""
        if person.staff_member is None:
            return NONE
        return f"{person.staff_member.get_role_display()} — {person.staff_member.school}"

    @admin.display(description=_("rôles dans l’administration"))
    def role_names(self, person: User) -> str:
        """The roles they have."""
        return ", ".join(str(role) for role in person.staff_roles.select_related("academy")) or NONE

    @admin.display(description=_("second facteur"))
    def factor(self, person: User) -> str:
        """Whether they have one."""
        return str(_("oui") if second_factor.has_one(person) else _("non"))

    @admin.display(description=_("fournisseurs d’identité"))
    def providers(self, person: User) -> str:
        """By which providers they have come: their names, not who they are there."""
        return ", ".join(name for _identity, name in parting.identities_of(person)) or NONE

    @admin.display(description=_("compte créé le"))
    def joined(self, person: User) -> str:
        """When the account was made."""
        return date_format(localtime(person.joined_at), "DATETIME_FORMAT")

    @admin.display(description=_("sessions ouvertes"))
    def sessions(self, person: User) -> int:
        """How many: not where, nor on what."""
        return open_sessions.how_many(person)

    @admin.display(description=_("derniers messages"))
    def messages(self, person: User) -> str:
        """Where the last letters to their address stand."""
        lines = (
            (line.created_at.date(), line.situation_in_words) for line in outbox.last_to(person.address())
        )
        return format_html_join("", "<p>{} : {}</p>", lines) or NONE
