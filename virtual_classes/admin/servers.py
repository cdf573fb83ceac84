"""The servers where virtual classes meet: how full they are, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.timezone import now
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts.admin.refusals import asked_by
from accounts.powers import Power
from back_office import who
from back_office.acts import Act, ReasonForm, Refused, form_page, proof_wanted
from back_office.scoped import ScopedAdmin
from schools.models import Academy
from virtual_classes import servers
from virtual_classes.models import MeetingServer, MeetingServerQuerySet
from virtual_classes.models.servers import check_address
from virtual_classes.providers import bigbluebutton, troubles
from virtual_classes.providers.base import Trouble

EVERYWHERE = "*"
ADDRESS_HELP = _("Celle que donne « bbb-conf --secret » : « https://bbb.ac-exemple.fr/bigbluebutton/ ».")


def _secret(**options: Any) -> forms.CharField:
    return forms.CharField(
        label=_("Secret partagé"),
        min_length=servers.SHORTEST_SECRET,
        max_length=200,
        widget=forms.PasswordInput(attrs={"autocomplete": "off"}),
        error_messages={"min_length": _("Ce secret est trop court : copiez-le en entier.")},
        **options,
    )


class NothingToAskForm(forms.Form):
    """Only the button."""


class WhyForm(ReasonForm):
    """Why, for what concerns no person."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["reason"].help_text = _(
            "Gardé dans le journal avec votre nom. Par exemple : « Nouveau serveur du rectorat »."
        )


class ChangeForm(WhyForm):
    """What changes; what is left empty stays."""

    name = forms.CharField(label=_("Nom"), max_length=60, required=False)
    capacity = forms.IntegerField(
        label=_("Places"),
        help_text=_("Combien de personnes ce serveur porte en même temps, toutes classes ensemble."),
        min_value=2,
        max_value=100_000,
        required=False,
    )
    url = forms.CharField(
        label=_("Adresse de l’API"),
        help_text=ADDRESS_HELP,
        max_length=300,
        required=False,
        validators=[check_address],
    )
    secret = _secret(required=False, help_text=_("Jamais montré. Une nouvelle adresse le demande."))


class AddForm(WhyForm):
    """A server, and whose it is."""

    name = forms.CharField(label=_("Nom"), max_length=60)
    url = forms.CharField(
        label=_("Adresse de l’API"), help_text=ADDRESS_HELP, max_length=300, validators=[check_address]
    )
    secret = _secret(help_text=_("Gardé chiffré, jamais montré."))
    capacity = forms.IntegerField(
        label=_("Places"),
        help_text=_("Combien de personnes ce serveur porte en même temps, toutes classes ensemble."),
        min_value=2,
        max_value=100_000,
        initial=200,
    )
    academy = forms.ChoiceField(label=_("Académie"))

    def __init__(self, academies: QuerySet[Academy], everywhere: bool, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["academy"]
        assert isinstance(field, forms.ChoiceField)
        found = list(academies.values_list("code", "name"))
        if everywhere or len(found) > 1:  # nothing is chosen beforehand but the only one
            found.insert(0, ("", _now("Choisissez…")))
        if everywhere:
            found.insert(1, (EVERYWHERE, _now("Toutes les académies")))
        field.choices = found

    def clean_academy(self) -> Academy | None:
        """Return the académie, or nothing for all of them."""
        return Academy.objects.filter(code=self.cleaned_data["academy"]).first()


@contextmanager
def _in_words() -> Iterator[None]:
    try:
        yield
    except ValidationError as refusal:
        raise Refused(" ".join(refusal.messages)) from refusal
    except servers.NotAllowed as refusal:
        raise Refused(
            _now("Ce serveur n’est pas dans votre académie, ou son adresse est interne au portail.")
        ) from refusal


def _check(request: HttpRequest, server: MeetingServer, _said: dict[str, Any]) -> None:
    try:
        bigbluebutton.check(server)
    except Trouble as trouble:
        raise Refused(troubles.sentence(trouble)) from trouble


def _change(request: HttpRequest, server: MeetingServer, said: dict[str, Any]) -> None:
    with _in_words():
        servers.change(
            server,
            name=said["name"],
            url=said["url"],
            secret=said["secret"],
            capacity=said["capacity"] or 0,
            by=asked_by(request),
            reason=said["reason"],
        )


def _switch_on(request: HttpRequest, server: MeetingServer, said: dict[str, Any]) -> None:
    with _in_words():
        servers.switch(server, on=True, by=asked_by(request), reason=said["reason"])


def _switch_off(request: HttpRequest, server: MeetingServer, said: dict[str, Any]) -> None:
    with _in_words():
        servers.switch(server, on=False, by=asked_by(request), reason=said["reason"])


def _is_on(_request: HttpRequest, server: MeetingServer) -> bool:
    return server.is_on


def _is_off(_request: HttpRequest, server: MeetingServer) -> bool:
    return not server.is_on


@admin.register(MeetingServer)
class MeetingServerAdmin(ScopedAdmin):
    """« Serveurs de classes virtuelles »: the secret is shown to nobody."""

    read_power = Power.RUN_SERVERS
    ordering = ("pk",)
    list_display = ("name", "place", "is_on", "seats", "health")
    list_display_links = ("name",)
    list_select_related = ("academy",)
    fields = readonly_fields = ("name", "provider", "api_address", "place", "is_on", "seats", "health")
    acts = (
        Act(
            name="verifier",
            label=_("Vérifier ce serveur"),
            power=Power.RUN_SERVERS,
            do=_check,
            done=_("Le serveur répond et accepte le secret."),
            explanation=_(
                "Le portail pose au serveur une question qui demande le secret. Cela ne change rien."
            ),
            form=NothingToAskForm,
        ),
        Act(
            name="modifier",
            label=_("Modifier"),
            power=Power.RUN_SERVERS,
            do=_change,
            done=_("Le serveur est modifié."),
            explanation=_("Laissez vide ce qui ne change pas. Les classes ouvertes restent où elles sont."),
            form=ChangeForm,
            grave=True,
        ),
        Act(
            name="mettre-hors-service",
            label=_("Mettre hors service"),
            power=Power.RUN_SERVERS,
            do=_switch_off,
            done=_("Aucune nouvelle classe ne s’ouvrira sur ce serveur."),
            form=WhyForm,
            explanation=_("Les classes ouvertes vont jusqu’à leur fin ; aucune autre ne s’ouvre ici."),
            is_offered=_is_on,
        ),
        Act(
            name="mettre-en-service",
            label=_("Mettre en service"),
            power=Power.RUN_SERVERS,
            do=_switch_on,
            done=_("Le serveur est en service."),
            form=WhyForm,
            is_offered=_is_off,
        ),
    )

    def rows(self, request: HttpRequest, power: str) -> QuerySet[Any]:
        """Return the servers of who looks, with their seats."""
        return cast(MeetingServerQuerySet, super().rows(request, power)).declared().with_seats()

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whoever runs servers somewhere."""
        return bool(self.scope(request, Power.RUN_SERVERS))

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: Any = None) -> HttpResponse:
        """Declare a server."""
        scope = self.scope(request, Power.RUN_SERVERS)
        if not scope:
            raise Http404
        if (elsewhere := proof_wanted(request)) is not None:
            return elsewhere
        academies = scope.limit(Academy.objects.all(), "code")
        form = AddForm(academies, who.is_everywhere(request, Power.RUN_SERVERS), request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                with _in_words():
                    server = servers.add(**form.cleaned_data, by=asked_by(request))
            except Refused as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _now("Le serveur est déclaré. Vérifiez-le maintenant."))
                return redirect("admin:virtual_classes_meetingserver_change", server.pk)
        return form_page(
            self,
            request,
            form,
            title=_("Déclarer un serveur de classes virtuelles"),
            back=reverse("admin:virtual_classes_meetingserver_changelist"),
            submit=_("Déclarer ce serveur"),
        )

    @admin.display(description=_("adresse de l’API"))
    def api_address(self, server: MeetingServer) -> str:
        """Where it is."""
        return server.address

    @admin.display(description=_("académie"))
    def place(self, server: MeetingServer) -> str:
        """Whose classes it takes."""
        return str(server.academy or _("toutes les académies"))

    @admin.display(description=_("places prises"))
    def seats(self, server: MeetingServer) -> str:
        """How full it is."""
        return _now("%(held)s sur %(capacity)s") % {"held": server.held, "capacity": server.capacity}

    @admin.display(description=_("état"))
    def health(self, server: MeetingServer) -> str:
        """What was wrong the last time it was asked."""
        if not server.last_trouble:
            return _now("rien à signaler")
        said = str(troubles.SENTENCES.get(server.last_trouble, server.last_trouble))
        if server.down_until and server.down_until > now():
            return _now("%(said)s Il est écarté un moment pour les nouvelles classes.") % {"said": said}
        return said
