"""The door of a class, for who comes in by it: knocking, waiting, entering (SCREENS B3; SAFETY T44, T45)."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotModified, JsonResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import browsers
from accounts.models import User
from accounts.sessions import PersonRequest
from accounts.views.pages import holds_a_secret, page
from throttling import limits
from throttling.clients import client_address

from .. import joining, providers, running, scheduling
from ..clock import zone_of
from ..forms import KnockForm
from ..models import Entry, Mode, VirtualClass
from ..providers import UnknownProvider
from ..providers.base import Trouble
from .classes import help_pages
from .sessions import _away


@login_not_required
@holds_a_secret
@page
def by_link(request: HttpRequest, token: str) -> HttpResponse:
    """The one link of a class: its teachers come to its page, everybody else to its door (SCREENS B4)."""
    virtual_class = scheduling.found_by(token)
    if virtual_class is None:
        return render(request, "virtual_classes/no_such_class.html", {"help": help_pages()}, status=404)
    return _at_the_door(request, virtual_class)


@never_cache
@page
def by_account(request: PersonRequest, public_id: UUID) -> HttpResponse:
    """The door of a class in which somebody is expected, found in « Mon espace »: no link is needed."""
    alive = VirtualClass.objects.alive().select_related("academy", "school", "teacher", "division")
    virtual_class = alive.filter(public_id=public_id).first()
    if virtual_class is None or not _is_theirs(request.user, virtual_class):
        raise Http404
    return _at_the_door(request, virtual_class)


def _is_theirs(user: User, virtual_class: VirtualClass) -> bool:
    one = VirtualClass.objects.filter(pk=virtual_class.pk)
    return any(rows.exists() for rows in (one.attended_by(user), one.of_children_of(user), one.run_by(user)))


def _at_the_door(request: HttpRequest, virtual_class: VirtualClass) -> HttpResponse:
    user = request.user if isinstance(request.user, User) else None
    if user and VirtualClass.objects.run_by(user).filter(pk=virtual_class.pk).exists():
        return redirect("class_page", public_id=virtual_class.public_id)
    session = joining.session_at_the_door(virtual_class)
    if session is not None:
        entry = Entry.objects.filter(session=session).of(user, browsers.device_hash(request)).first()
        if entry is not None and entry.state != Entry.State.LEFT:
            return redirect("class_wait", public_id=entry.public_id)
    form = KnockForm(request.POST or None)
    refusal = ""
    if request.method == "POST" and session is not None and (user or form.is_valid()):
        response = redirect("home")
        who = joining.Knocker(
            user=user,
            name="" if user else form.cleaned_data["name"],
            browser="" if user else browsers.recognised(request, response),
        )
        try:
            entry = joining.knock(session, who, client=client_address(request))
        except joining.NotYet:
            refusal = _("La porte n’est pas encore ouverte. Reviens un peu avant l’heure.")
        except joining.LinkChanged:
            return render(request, "virtual_classes/no_such_class.html", {"help": help_pages()}, status=404)
        except joining.Locked:
            refusal = _("L’enseignant a fermé la porte à clé : personne n’entre plus pour cette séance.")
        except joining.Crowded:
            refusal = _("Beaucoup de personnes attendent déjà. Réessaie dans une minute.")
        except joining.ParentsStayOut:
            refusal = _(
                "Pour cette classe, les parents n’entrent pas. Connectez-vous avec le compte de l’élève."
            )
        except joining.AccountWanted:
            refusal = _("Cette classe est réservée aux personnes qui ont un compte. Connecte-toi.")
        except limits.Refused as too_often:
            refusal = _("Tu as frappé très souvent. Réessaie %(wait)s.") % {"wait": too_often.wait}
        else:
            response["Location"] = reverse("class_wait", args=[entry.public_id])
            return response
    shown: dict[str, Any] = {
        "class": virtual_class,
        "session": session,
        "zone": zone_of(virtual_class.academy.code),
        "is_by_link": virtual_class.mode == Mode.LINK,
        "who": user,
        "refusal": refusal,
        "sign_in": _sign_in(request.get_full_path()),
        "help": help_pages(),
    }
    if not user:
        shown["form"] = form
    page_of_the_door = render(request, "virtual_classes/door.html", shown)
    if not user and session is not None:
        browsers.recognised(request, page_of_the_door)  # of a button pressed twice, one place (SAFETY F14)
    return page_of_the_door


def at_ones_place(view: Callable[[HttpRequest, Entry], HttpResponse]) -> Callable[..., HttpResponse]:
    """Give a view the entry of this person, or of this browser; 404 for anybody else's (SAFETY T35, T45).

    Who came by an account, in a browser that knows it, and is signed in no more is led to sign in, and back
    to their place: it is kept.
    """

    @wraps(view)
    def wrapped(request: HttpRequest, public_id: UUID) -> HttpResponse:
        user = request.user if isinstance(request.user, User) else None
        places = Entry.objects.select_related("session__virtual_class__academy", "session__teacher").filter(
            public_id=public_id
        )
        entry = places.of(user, browsers.device_hash(request)).first()
        if entry is not None:
            return view(request, entry)
        theirs = None if user else places.filter(user__isnull=False).select_related("user").first()
        if theirs and theirs.user and browsers.has_seen(request, theirs.user):
            return redirect(_sign_in(reverse("class_wait", args=[public_id])))
        raise Http404

    return wrapped


def _sign_in(back: str) -> str:
    return f"{reverse('account_login')}?{urlencode({'next': back})}"


@login_not_required
@never_cache
@require_safe
@at_ones_place
def wait(request: HttpRequest, entry: Entry) -> HttpResponse:
    """Where one waits until the teacher opens; the page looks again by itself, or when it is asked to."""
    word = joining.watchword(entry.public_id)
    shown = {
        "entry": entry,
        "session": entry.session,
        "class": entry.session.virtual_class,
        "zone": zone_of(entry.session.virtual_class.academy.code),
        "watch": reverse("class_watch", args=[entry.public_id, word]),
        "stands": joining.standing_of(entry.public_id, word),
        "help": help_pages(),
    }
    return render(request, "virtual_classes/wait.html", shown)


@login_not_required
@never_cache
@require_safe
def watch(request: HttpRequest, public_id: UUID, word: str) -> HttpResponse:
    """Say where somebody stands, to the page that waits: one query, no session, nothing else."""
    stands = joining.standing_of(public_id, word)
    if stands is None:
        raise Http404
    etag = f'"{stands}"'
    if request.headers.get("If-None-Match") == etag:
        unchanged = HttpResponseNotModified()
        unchanged["ETag"] = etag
        return unchanged
    answer = JsonResponse({"stands": stands})
    answer["ETag"] = etag
    return answer


@login_not_required
@require_POST
@at_ones_place
def enter(request: HttpRequest, entry: Entry) -> HttpResponse:
    """« Entrer dans la classe », for who was let in; the next page opens the room."""
    try:
        joining.enter(entry)
    except joining.NotLetIn:
        return redirect("class_wait", public_id=entry.public_id)
    return redirect("class_opening", public_id=entry.public_id)


@login_not_required
@never_cache
@require_safe
@at_ones_place
def opening(request: HttpRequest, entry: Entry) -> HttpResponse:
    """« La classe s’ouvre »: leads on by itself, and has a link for a browser that does not.

    A page between, because Chromium lets no form lead to another site (form-action); the room's address
    does not stand in it.
    """
    if entry.state != Entry.State.ENTERED:
        return redirect("class_wait", public_id=entry.public_id)
    answer = render(
        request, "virtual_classes/opening.html", {"entry": entry, "class": entry.session.virtual_class}
    )
    answer["Refresh"] = f"0; url={reverse('class_go', args=[entry.public_id])}"
    return answer


@login_not_required
@never_cache
@require_safe
@at_ones_place
def go(request: HttpRequest, entry: Entry) -> HttpResponse:
    """Lead into the room: the address is made now, for this person, and for a minute (SAFETY T45)."""
    try:
        way = joining.address_for(entry)
    except joining.NotLetIn:
        return redirect("class_wait", public_id=entry.public_id)
    except (Trouble, UnknownProvider):
        messages.error(request, _("La salle ne répond pas pour le moment. Réessayez dans un instant."))
        return redirect("class_wait", public_id=entry.public_id)
    return _away(way.url)


@login_not_required
@require_POST
@at_ones_place
def leave(request: HttpRequest, entry: Entry) -> HttpResponse:
    """« Partir »: the place at the door, or the seat, is another's."""
    joining.leave(entry)
    return redirect("class_left")


@login_not_required
@never_cache
@require_safe
def left(request: HttpRequest) -> HttpResponse:
    """« Vous avez quitté la classe »: where the room leads at its end, too."""
    return render(request, "virtual_classes/left.html", {"help": help_pages()})


@login_not_required
@csrf_exempt
@never_cache
@require_http_methods(["GET", "POST"])
def room_ended(request: HttpRequest, provider: str) -> HttpResponse:
    """A provider says that a room is over. What it sent is checked by the provider's own file.

    By GET as well, since some providers call back so; no link of a page leads here.
    """
    try:
        said = providers.get(provider).read_callback({**request.GET.dict(), **request.POST.dict()})
    except UnknownProvider as nobody:
        raise Http404 from nobody
    if said is None:
        raise Http404
    running.ended_over_there(said.key)
    return HttpResponse(status=204)
