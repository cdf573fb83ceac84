"""The entrances of the regions and the identity providers behind them: national staff only (SCREENS C1)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db import IntegrityError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponseRedirect
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts import entrances, identity_providers
from accounts.calling import Nonsense, Unreachable
from accounts.models import Entrance, IdentityProvider, Power, WayIn
from accounts.openid import door
from back_office.acts import Act, Refused, Words
from back_office.scoped import ScopedAdmin

from . import refusals


class EntranceForm(forms.ModelForm):
    """A region."""

    class Meta:
        model = Entrance
        fields = ("name", "slug", "is_open")


class WayInForm(forms.ModelForm):
    """One choice of a region."""

    class Meta:
        model = WayIn
        fields = (
            "entrance", "code", "parent", "order", "label", "label_en", "audience", "leads_to", "academy",
            "provider", "sentence", "sentence_en", "is_shown",
        )  # fmt: skip
        widgets = {
            "sentence": forms.Textarea(attrs={"rows": 3}),
            "sentence_en": forms.Textarea(attrs={"rows": 3}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        parents: Any = self.fields["parent"]
        parents.queryset = (
            WayIn.objects.filter(leads_to=WayIn.LeadsTo.HEADING)
            .exclude(pk=self.instance.pk)
            .select_related("entrance")
        )
        parents.label_from_instance = lambda way: f"{way.entrance} : {way}"

    def clean(self) -> dict[str, Any]:
        """Keep the tree a tree: a heading of the same region above, nothing under what is no heading."""
        said = super().clean() or self.cleaned_data
        entrance, parent = said.get("entrance"), said.get("parent")
        if parent is not None and entrance is not None and parent.entrance_id != entrance.pk:
            self.add_error(
                "parent", _("Ce titre est celui d’une autre région : choisissez-en un de la même.")
            )
        if parent is not None and not said.get("leads_to"):
            self.add_error("parent", _("Un titre reste au premier niveau : il ne va pas sous un autre."))
        if self.instance.pk and self.instance.ways.exists():
            if said.get("leads_to"):
                self.add_error(
                    "leads_to", _("Des choix sont sous ce titre : déplacez-les d’abord sous un autre.")
                )
            if "entrance" in self.changed_data:
                self.add_error("entrance", _("Des choix sont sous ce titre : il reste dans sa région."))
        return said


class ProviderForm(forms.ModelForm):
    """A provider. Its secret is written, and never shown."""

    secret = forms.CharField(
        label=_("Secret de client"),
        required=False,
        max_length=500,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text=_("Gardé chiffré, jamais montré. Vide : le secret enregistré reste."),
    )

    class Meta:
        model = IdentityProvider
        fields = ("name", "issuer", "client_id", "secret", "scope", "claim", "algorithm", "academy", "is_on")

    def clean_issuer(self) -> str:
        """Refuse what is no address of a provider."""
        try:
            return identity_providers.clean_issuer(self.cleaned_data["issuer"])
        except identity_providers.NoIssuer as refusal:
            raise ValidationError(
                _("Écrivez une adresse qui commence par https://, sans « ? », « # » ni « @ ».")
            ) from refusal

    def clean_claim(self) -> str:
        """Refuse the address: it may be somebody else's tomorrow (SAFETY T42)."""
        claim = str(self.cleaned_data["claim"]).strip()
        if "mail" in claim.lower():
            raise ValidationError(
                _("Une adresse de courriel peut changer de mains : choisissez l’attribut de l’identifiant.")
            )
        return claim

    def clean_secret(self) -> str:
        """Ask for a secret where there is none yet."""
        secret = str(self.cleaned_data["secret"]).strip()
        if not secret and not self.instance.sealed_secret:
            raise ValidationError(_("Écrivez le secret que le fournisseur a donné."))
        return secret


class NationalAdmin(ScopedAdmin):
    """Rows of all académies, written by whoever sets up entrances everywhere. Nothing is deleted."""

    read_power = Power.SET_UP_ENTRANCES
    list_per_page = 100
    written: Words = ""  # what a new row is called

    def rows(self, request: HttpRequest, power: str) -> QuerySet[Any]:
        """Return every row to whoever has the power in all académies."""
        scope = self.scope(request, power)
        rows = self.model._default_manager.all()
        return rows if scope and scope.everywhere else rows.none()

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Whoever reads them."""
        return self.has_view_permission(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Likewise."""
        return self.has_view_permission(request)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """Keep the widgets of the form: Django's own for the admin write styles into the page."""
        kwargs["formfield_callback"] = None
        return super().get_form(request, obj, change=change, **kwargs)

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: Any = None,
    ) -> Any:
        """Show a row, or begin one; of two pages sent at once, the second is told to look again."""
        if object_id is None:
            extra_context = {"subtitle": self.written, **(extra_context or {})}
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except IntegrityError:
            messages.error(
                request,
                _now("Quelqu’un d’autre a changé cette entrée entre-temps : regardez, et recommencez."),
            )
            return HttpResponseRedirect(request.path)


@admin.register(Entrance)
class EntranceAdmin(NationalAdmin):
    """« Entrées des régions »."""

    form = EntranceForm
    written = _("Nouvelle région")
    list_display = ("name", "slug", "is_open")
    ordering = ("name",)

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Write it, and who did."""
        entrances.write_entrance(obj, form.changed_data, by=refusals.asked_by(request))


@admin.register(WayIn)
class WayInAdmin(NationalAdmin):
    """« Choix des entrées »: the trees that people choose from."""

    form = WayInForm
    written = _("Nouveau choix")
    list_display = ("label", "entrance", "parent", "order", "leads_to", "is_shown")
    list_display_links = ("label",)
    list_filter = ("entrance",)
    list_select_related = ("entrance", "parent")

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        """Region by region, as people read them."""
        return ("entrance", "order", "pk")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """A code is for good: browsers remember it."""
        return ("code",) if obj is not None else ()

    def row_name(self, row: WayIn) -> str:
        """Say which region's."""
        return f"{row.entrance}, {row}"

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Write it, and who did."""
        entrances.write_way(obj, form.changed_data, by=refusals.asked_by(request))


def _check(_request: HttpRequest, provider: IdentityProvider, _said: dict[str, Any]) -> None:
    try:
        identity_providers.check(provider)
    except Unreachable as reason:
        raise Refused(
            _now("Le fournisseur ne répond pas, ou pas à temps. Vérifiez son adresse, puis réessayez.")
        ) from reason
    except Nonsense as reason:
        raise Refused(_what_is_wrong(str(reason))) from reason


def _what_is_wrong(word: str) -> str:
    if word == "issuer":
        return _now(
            "Il se présente sous une autre adresse : recopiez son émetteur (issuer) à la lettre près."
        )
    if word == "no-key":
        return _now("Il ne publie aucune clé pour cette signature des jetons : choisissez l’autre.")
    if word.endswith(("_endpoint", "_uri")):
        return _now(
            "Une de ses adresses (%(word)s) manque, ou n’est pas sur le même serveur que l’émetteur."
        ) % {"word": word}
    return _now("À cette adresse ne répond aucun fournisseur OpenID Connect (%(word)s).") % {"word": word}


@admin.register(IdentityProvider)
class IdentityProviderAdmin(NationalAdmin):
    """« Fournisseurs d'identité »."""

    form = ProviderForm
    written = _("Nouveau fournisseur")
    list_display = ("name", "academy", "issuer", "is_on")
    list_select_related = ("academy",)
    ordering = ("name",)
    acts = (
        Act(
            name="verifier",
            label=_("Vérifier ce fournisseur"),
            power=Power.SET_UP_ENTRANCES,
            do=_check,
            done=_("Il répond : ses adresses et ses clés sont bonnes."),
            explanation=_("Le portail lui demande ses adresses et ses clés. Rien n’est changé."),
            form=forms.Form,
        ),
    )

    def get_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The form, and the addresses to register there, once there are some."""
        own = ProviderForm.Meta.fields
        return own if obj is None else (*own, "return_address", "farewell_address")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        """The portal's own addresses."""
        return () if obj is None else ("return_address", "farewell_address")

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        """Write it, and who did."""
        identity_providers.write(
            obj, form.changed_data, secret=form.cleaned_data["secret"], by=refusals.asked_by(request)
        )

    @admin.display(description=_("adresse de retour à déclarer"))
    def return_address(self, provider: IdentityProvider) -> str:
        """Where the provider sends people back to."""
        return door.return_address(provider)

    @admin.display(description=_("adresse après déconnexion à déclarer"))
    def farewell_address(self, _provider: IdentityProvider) -> str:
        """Where it sends them after signing out."""
        return door.farewell_address()
