"""Roles: given and taken by a national admin."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts import appointments
from accounts.backends import DoorBackend
from accounts.models import MCM, Power, Role, StaffRole, User
from back_office.acts import Act, ReasonForm, Refused, form_page, proof_wanted
from back_office.scoped import ScopedAdmin
from schools.models import Academy

from . import finding, refusals

EVERYWHERE = "*"


class AppointForm(ReasonForm):
    """Whom, which role, and where."""

    person = forms.CharField(
        label=_("Nom d’utilisateur ou adresse de courriel"),
        help_text=_("En entier. La personne doit déjà avoir un compte."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    role = forms.ChoiceField(label=_("Rôle"), choices=[("", _("Choisissez…")), *Role.choices])
    academy = forms.ChoiceField(label=_("Académie"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Nothing is chosen beforehand: « all » would be given by whoever forgets to choose.
        field = self.fields["academy"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            ("", _("Choisissez…")),
            (EVERYWHERE, _("Toutes les académies")),
            *Academy.objects.values_list("code", "name"),
        ]

    def clean_academy(self) -> Academy | None:
        """Return the académie, or nothing for all of them."""
        return Academy.objects.filter(code=self.cleaned_data["academy"]).first()

    def clean_person(self) -> User:
        """Return whom this name or address belongs to."""
        found = DoorBackend.find(self.cleaned_data["person"], MCM)
        if found is None:
            raise forms.ValidationError(_("Personne n’a ce nom ni cette adresse."))
        return found


def _dismiss(request: HttpRequest, held: StaffRole, said: dict[str, Any]) -> None:
    with refusals.in_words():
        appointments.dismiss(held, by=refusals.asked_by(request), reason=said["reason"])


def _not_ones_own(request: HttpRequest, held: StaffRole) -> bool:
    return held.user_id != request.user.pk


@admin.register(StaffRole)
class StaffRoleAdmin(ScopedAdmin):
    """« Rôles »: who is what, and where."""

    read_power = Power.GIVE_ROLES
    search_help_text = finding.HELP
    list_display = ("person", "role", "place", "given_at")
    list_select_related = ("academy",)
    fields = readonly_fields = ("person", "role", "place", "given_at")
    acts = (
        Act(
            name="retirer",
            label=_("Retirer ce rôle"),
            power=Power.GIVE_ROLES,
            do=_dismiss,
            done=_("Le rôle est retiré. La personne en est informée par courriel."),
            explanation=_("Avec son dernier rôle, la personne est aussi déconnectée partout."),
            is_offered=_not_ones_own,
            grave=True,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the roles with the people who have them."""
        # Not joined: roles change too seldom for PostgreSQL to know whose they are by now, and where it
        # takes them for those of the first people it walks through all people to the last.
        return super().get_queryset(request).prefetch_related("user")

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whoever gives roles."""
        return bool(self.scope(request, Power.GIVE_ROLES))

    def search(self, request: HttpRequest, rows: Any, typed: str) -> Any:
        """Find by the person's name, user name or address."""
        address = finding.address_typed(typed)
        # Staff are few: their keys first, or everybody of a common name is found before them.
        people = User.objects.filter(pk__in=list(StaffRole.objects.values_list("user", flat=True)))
        found = (
            people.filter(emailaddress__email=address)
            if address
            else finding.named(people, typed, owner="user")
        )
        return rows.filter(user__in=found)

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Give a role."""
        if not self.has_add_permission(request):
            raise Http404
        if (elsewhere := proof_wanted(request)) is not None:
            return elsewhere
        form = AppointForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            said = form.cleaned_data
            try:
                with refusals.in_words():
                    appointments.appoint(
                        said["person"],
                        Role(said["role"]),
                        academy=said["academy"],
                        by=refusals.asked_by(request),
                        reason=said["reason"],
                    )
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(
                    request, _now("Le rôle est donné. La personne en est informée par courriel.")
                )
                return redirect("admin:accounts_staffrole_changelist")
        return form_page(
            self,
            request,
            form,
            title=_("Donner un rôle"),
            back=reverse("admin:accounts_staffrole_changelist"),
            submit=_("Donner ce rôle"),
        )

    def row_name(self, held: StaffRole) -> str:
        """Name the person and the role."""
        return f"{held.user.full_name} — {held}"

    @admin.display(description=_("personne"))
    def person(self, held: StaffRole) -> str:
        """Whose role it is."""
        return held.user.full_name

    @admin.display(description=_("académie"))
    def place(self, held: StaffRole) -> str:
        """Where it holds."""
        return str(held.academy or _("toutes les académies"))
