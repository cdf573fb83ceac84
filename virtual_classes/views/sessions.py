"""A session, for who runs it: one big button, who waits, who is in, the roll call (SCREENS B6)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import (
    Http404,
    HttpResponse,
    HttpResponseNotModified,
    HttpResponseRedirect,
    StreamingHttpResponse,
)
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.sessions import PersonRequest
from accounts.views.pages import holds_a_secret, page
from back_office.exports import Column, lines

from .. import lobby, providers, roll_call, running, scheduling, teaching
from ..clock import zone_of
from ..forms import NotesForm
from ..models import ClassSession, Entry, SessionRecord
from ..providers import UnknownProvider
from ..providers.base import Trouble
from .classes import _not_a_teacher, help_pages, link_of

MOST_SHOWN = 400


def own_session(request: PersonRequest, public_id: UUID) -> ClassSession:
    """Return a session that this person runs; 404 for any other (SAFETY T35)."""
    mine = ClassSession.objects.run_by(request.user).select_related(
        "virtual_class__academy", "virtual_class__division", "virtual_class__teacher", "teacher"
    )
    return get_object_or_404(mine, public_id=public_id)


@holds_a_secret
@page
def session(request: PersonRequest, public_id: UUID) -> HttpResponse:
    """The teacher's page of a session; each of its buttons does one act."""
    found = own_session(request, public_id)
    if request.method == "POST":
        try:
            _act(request, found, request.POST.get("act", ""))
        except teaching.NotATeacher as refusal:
            return _not_a_teacher(request, refusal)
        return redirect("class_session", public_id=public_id)
    shown = {**_door(found), "link": link_of(found.virtual_class), "help": help_pages()}
    return render(request, "virtual_classes/session.html", shown)


def _act(request: PersonRequest, found: ClassSession, said: str) -> None:
    """Do what a button says. One that nobody can press does nothing."""
    name, _colon, about = said.partition(":")
    user = request.user
    try:
        if name == "open":
            running.open(found, by=user)
        elif name == "again":
            running.try_again(found, by=user)
        elif name == "room":
            running.change_provider(found, about, by=user)
        elif name == "end":
            running.end(found, by=user)
            messages.success(request, _("La séance est terminée."))
        elif name == "cancel":
            scheduling.cancel(found, by=user)
            messages.success(request, _("La séance est annulée."))
        elif name in ("lock", "unlock"):
            lobby.lock(found, locked=name == "lock", by=user)
        elif name == "admit-expected":
            lobby.admit_expected(found, by=user)
        elif name == "refuse-all":
            lobby.refuse_all(found, by=user)
        elif name in ENTRY_ACTS:
            ENTRY_ACTS[name](_entry(found, about), by=user)
    except lobby.Full:
        messages.error(
            request, _("Toutes les places sont prises. Augmentez-les dans les réglages, ou attendez.")
        )
    except UnknownProvider:
        messages.error(request, _("Cette salle n’est pas réglée sur ce portail."))
    except (running.NotNow, scheduling.NotNow):
        pass  # the page says where it stands
    except (lobby.NotAllowed, running.NotAllowed, scheduling.NotAllowed) as lost:
        raise Http404 from lost  # theirs when the page began, and no more


ENTRY_ACTS: dict[str, Any] = {"admit": lobby.admit, "refuse": lobby.refuse, "back": lobby.send_back}


def _entry(found: ClassSession, written: str) -> Entry:
    try:
        public_id = UUID(hex=written)
    except ValueError as nonsense:
        raise Http404 from nonsense
    return get_object_or_404(found.entries.all(), public_id=public_id)


def _door(found: ClassSession) -> dict[str, Any]:
    """Return what the page shows of the door: who waits, expected ones first, and who is in."""
    # Each kind by itself: those who knocked and left again push nobody out of sight (SAFETY T46).
    entries = Entry.objects.filter(session=found)
    waiting = list(entries.waiting().order_by("-is_expected", "pk")[:MOST_SHOWN])
    rooms = providers.available(found.virtual_class.academy.code)
    return {
        "session": found,
        "class": found.virtual_class,
        "zone": zone_of(found.virtual_class.academy.code),
        "etag": _etag(found.door_version, found.state),
        "waiting": waiting,
        "expected": lobby.on_the_list(entries, found.virtual_class).count(),
        "inside": list(entries.inside().order_by("pk")[:MOST_SHOWN]),
        "refused": entries.filter(state=Entry.State.REFUSED).count(),
        "other_rooms": [
            (each.code, each.label) for each in rooms if found.trouble and each.code != found.provider
        ],
    }


def _etag(version: int, state: str) -> str:
    return f'"{version}-{state}"'


@never_cache
@require_safe
def door(request: PersonRequest, public_id: UUID) -> HttpResponse:
    """The part of the page that changes: where nothing did, there is no page (304), for one query."""
    mine = ClassSession.objects.run_by(request.user).filter(public_id=public_id)
    stands = mine.values_list("door_version", "state").first()
    if stands is None:
        raise Http404
    etag = _etag(*stands)
    if request.headers.get("If-None-Match") == etag:
        unchanged = HttpResponseNotModified()
        unchanged["ETag"] = etag
        return unchanged
    shown = _door(own_session(request, public_id))
    answer = render(request, "virtual_classes/_door.html", shown)
    answer["ETag"] = shown["etag"]
    return answer


@never_cache
@require_safe
def go_in(request: PersonRequest, public_id: UUID) -> HttpResponse:
    """Lead a teacher into the room: the address is made now, for this person."""
    found = own_session(request, public_id)
    try:
        way = running.teachers_way_in(found, by=request.user)
    except running.NotNow:
        return redirect("class_session", public_id=public_id)
    except (Trouble, UnknownProvider):
        messages.error(request, _("La salle ne répond pas pour le moment. Réessayez dans un instant."))
        return redirect("class_session", public_id=public_id)
    return _away(way.url)


def _away(url: str) -> HttpResponse:
    """Lead to the room; its address is nobody else's to know."""
    answer = HttpResponseRedirect(url)
    answer["Referrer-Policy"] = "no-referrer"
    return answer


@never_cache
@page
def record(request: PersonRequest, public_id: UUID) -> HttpResponse:
    """« Appel et notes »: the teacher's own, until the end of the term."""
    found = own_session(request, public_id)
    kept = SessionRecord.objects.filter(session=found).first()
    form = NotesForm(request.POST or None, initial={"notes": kept.notes if kept else ""})
    if request.method == "POST":
        try:
            page_after = _write_down(request, found, form)
        except roll_call.NotAllowed as lost:
            raise Http404 from lost  # theirs when the page began, and no more
        if page_after:
            return redirect(page_after, public_id=public_id)
    shown = {
        "session": found,
        "class": found.virtual_class,
        "zone": zone_of(found.virtual_class.academy.code),
        "record": kept,
        "can_call": roll_call.can_be_called(found),
        "lines": kept.lines.order_by("name", "pk") if kept else [],
        "form": form,
        "help": help_pages(),
    }
    return render(request, "virtual_classes/record.html", shown)


def _write_down(request: PersonRequest, found: ClassSession, form: NotesForm) -> str:
    """Do what a button of the roll call says; return the name of the page to go on to, empty to stay."""
    if "call" in request.POST:
        try:
            roll_call.call(found, by=request.user)
        except roll_call.NotNow:
            messages.error(request, _("L’appel se fait pendant la séance, ou après, jusqu’à la nuit."))
        return "class_record"
    if "erase" in request.POST:
        roll_call.erase(found, by=request.user)
        messages.success(request, _("L’appel et les notes sont effacés."))
        return "class_session"
    if not form.is_valid():
        return ""
    present = _keys(request.POST.getlist("present")) if "roll" in request.POST else None
    roll_call.write(found, notes=form.cleaned_data["notes"], present=present, by=request.user)
    messages.success(request, _("C’est enregistré."))
    return "class_record"


def _keys(written: list[str]) -> set[int]:
    return {
        int(each) for each in written[:MOST_SHOWN] if each.isascii() and each.isdigit() and len(each) < 19
    }


@require_POST
def export_record(request: PersonRequest, public_id: UUID) -> HttpResponse | StreamingHttpResponse:
    """Hand over the roll call and the notes as a file for a spreadsheet (SAFETY T49)."""
    found = own_session(request, public_id)
    kept = SessionRecord.objects.filter(session=found).first()
    if kept is None:
        return redirect("class_record", public_id=public_id)
    zone = zone_of(found.virtual_class.academy.code)
    title, held = found.virtual_class.title, f"{found.starts_at.astimezone(zone):%Y-%m-%d %H:%M}"
    columns = [
        Column(_("Classe"), lambda _row: title),
        Column(_("Séance"), lambda _row: held),
        Column(_("Élève"), lambda row: row.name),
        Column(_("Présent"), lambda row: _("oui") if row.is_present else _("non")),
        Column(_("Ce qui a été fait"), lambda _row: kept.notes),
    ]
    rows: list[Any] = list(kept.lines.order_by("name", "pk")) or [_NoOne()]
    answer = StreamingHttpResponse(lines(columns, rows), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="seance-{held[:10]}.csv"'
    return answer


class _NoOne:
    """The one line of a file without a roll call."""

    name, is_present = "", False
