"""The pages around an identity provider that an admin has set up (SCREENS C1)."""

from __future__ import annotations

import uuid

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_safe

from accounts import doors, standing
from accounts.models import IdentityProvider
from accounts.openid import door, parting, people
from accounts.openid.troubles import Trouble, Troubled, Words
from accounts.sessions import PersonRequest
from accounts.ways_in import WayIn

from .pages import next_page, page
from .ways_in import part_with

UNKNOWN = "inconnu"
WORDS: dict[str, Words] = {
    Trouble.REFUSED.value: Words(
        _("Vous n’avez pas continué"),
        _(
            "C’est votre choix : nous n’avons rien reçu et rien gardé. "
            "Vous pouvez réessayer quand vous voulez."
        ),
    ),
    Trouble.AWAY.value: Words(
        _("Ce service de connexion ne répond pas"),
        _(
            "Ce n’est pas votre faute. Il est en panne ou très lent en ce moment : "
            "réessayez dans quelques minutes."
        ),
    ),
    Trouble.NONSENSE.value: Words(
        _("Nous n’avons pas pu vérifier la réponse reçue"),
        _("Par sécurité, nous n’en avons rien gardé. Réessayez : le plus souvent, cela suffit."),
    ),
    Trouble.EXPIRED.value: Words(
        _("Cette demande n’est plus valable"),
        _("Elle était ouverte depuis trop longtemps. Recommencez : cela prend une minute."),
    ),
    Trouble.REPLAYED.value: Words(
        _("Cette page a déjà servi"),
        _(
            "Vous êtes peut-être revenu en arrière, ou la page a été ouverte deux fois. "
            "Rien n’est perdu : recommencez."
        ),
    ),
    Trouble.ELSEWHERE.value: Words(
        _("Nous ne reconnaissons pas ce navigateur"),
        _(
            "Il faut finir dans le navigateur où vous avez commencé, et il doit accepter les cookies "
            "de ce site. Recommencez ici."
        ),
    ),
    Trouble.TOO_OFTEN.value: Words(
        _("Trop de demandes à la fois"),
        _("Beaucoup de personnes essaient depuis le même réseau. Réessayez dans une heure."),
    ),
    UNKNOWN: Words(
        _("Aucun établissement ne vous déclare sous cet identifiant"),
        _(
            "Votre connexion est bonne, mais nous ne savons pas à quelle fiche de personnel elle correspond. "
            "Demandez au secrétariat de votre établissement de vérifier votre identifiant académique dans sa "
            "liste du personnel ; s’il est juste, appelez le guichet de votre académie."
        ),
    ),
}


def _open(public_id: uuid.UUID) -> IdentityProvider:
    provider = (
        IdentityProvider.objects.select_related("academy").filter(public_id=public_id, is_on=True).first()
    )
    if provider is None:
        raise Http404
    return provider


@login_not_required
@never_cache
@page
def enter(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Say which service it is and what it tells us, and lead there by a button."""
    provider = _open(public_id)
    if request.user.is_authenticated:
        return redirect("my_space")
    wanted = next_page(request)
    if request.method == "POST":
        return door.begin(request, provider, wanted)
    response = render(request, "accounts/openid/enter.html", {"provider": provider, "next": wanted})
    door.let_forms_lead_to(response, [provider.issuer])
    return response


@login_not_required
@never_cache
@require_GET
def callback(request: HttpRequest, public_id: uuid.UUID) -> HttpResponse:
    """Where a provider sends people back to. The next address holds no code (T26)."""
    provider = _open(public_id)
    try:
        return door.come_back(request, provider)
    except Troubled as refusal:
        return redirect("provider_trouble", provider.public_id, refusal.trouble.value)
    except people.Unknown:
        return redirect("provider_trouble", provider.public_id, UNKNOWN)


@login_not_required
@never_cache
@require_safe
def trouble(request: HttpRequest, public_id: uuid.UUID, kind: str) -> HttpResponse:
    """Say what happened, and offer to try again, or whom to call."""
    provider = _open(public_id)
    if kind not in WORDS:
        raise Http404
    shown = {"words": WORDS[kind], "provider": provider, "is_unknown": kind == UNKNOWN}
    return render(request, "accounts/openid/trouble.html", shown)


@login_not_required
@never_cache
@require_safe
def left(request: HttpRequest) -> HttpResponse:
    """Where a provider sends people back to after it has signed them out."""
    if request.user.is_authenticated:
        return redirect("my_space")
    return render(request, "accounts/openid/left.html")


@never_cache
@page
@sensitive_post_parameters("password")
def part(request: PersonRequest, public_id: uuid.UUID) -> HttpResponse:
    """« Ne plus venir par … »: a provider opens the account no more."""
    user = request.user
    found = next((each for each in parting.identities_of(user) if each[0].public_id == public_id), None)
    if found is None:
        return redirect("account")  # sent twice, or taken away by staff at this moment
    identity, name = found
    way = WayIn(
        heading=gettext("Ne plus venir par %(name)s") % {"name": name},
        alone=gettext(
            "C’est aujourd’hui la seule façon d’ouvrir ce compte. Choisissez d’abord un mot de passe, puis "
            "revenez ici."
        ),
        says=(
            gettext(
                "Ce service n’ouvrira plus votre compte : vous viendrez avec votre identifiant et votre mot "
                "de passe. Les autres appareils seront déconnectés."
            ),
            gettext(
                "Si vous repassez un jour par ce service, il vous reconnaîtra de nouveau par votre "
                "identifiant académique."
            ),
        ),
        submit=gettext("Ne plus venir par ce service"),
        done="fournisseur",
        recover_url=doors.recovery_page(standing.of(user).own_door),
        is_only_way=lambda: parting.is_only_way(user),
        part=lambda keep: parting.part(identity, keep=keep),
    )
    return part_with(request, way)
