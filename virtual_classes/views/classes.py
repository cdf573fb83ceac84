"""A teacher's classes: made in under a minute, their sessions, link and invitations (SCREENS B1 to B4)."""

from __future__ import annotations

import base64
import re
from typing import Any
from uuid import UUID

from allauth.mfa.adapter import DefaultMFAAdapter
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from accounts.letters import page as address_of
from accounts.sessions import PersonRequest
from accounts.views.pages import holds_a_secret, page
from throttling import limits

from .. import inviting, joining, running, scheduling, teaching
from ..clock import zone_of
from ..forms import HoursForm, InviteForm, NewClassForm, SessionForm, SettingsForm, settings_of
from ..models import ClassSession, Degree, VirtualClass

MOST_SHOWN = 60
HELP = ("class_help_teacher", "class_help_pupil", "class_help_faq")


def help_pages() -> dict[str, str]:
    """Return the addresses of the help pages that there are (SCREENS B8)."""
    found = {}
    for name in HELP:
        try:
            found[name] = reverse(name)
        except NoReverseMatch:
            continue
    return found


@never_cache
@require_safe
def my_classes(request: PersonRequest) -> HttpResponse:
    """« Mes classes virtuelles »: those that one runs, those that one attends, those of one's children."""
    user = request.user
    mine = (
        VirtualClass.objects.alive()
        .run_by(user)
        .select_related("division", "academy", "school")
        .order_by("title", "pk")[:MOST_SHOWN]
    )
    attended = ClassSession.objects.alive().attended_by(user)
    children = ClassSession.objects.alive().of_children_of(user)
    coming = (attended | children) if user.student_id is None else attended
    shown = {
        "seems_a_teacher": teaching.seems_a_teacher(user),
        "mine": mine,
        "has_schools": len({each.school_id for each in mine}) > 1,
        "sessions": next_ones(ClassSession.objects.alive().run_by(user)),
        "attended": next_ones(coming),
        "help": help_pages(),
    }
    return render(request, "virtual_classes/my_classes.html", shown)


def next_ones(sessions: Any) -> list[ClassSession]:
    """Return the first of some sessions, with what a page shows of them."""
    found = sessions.select_related("virtual_class__academy", "teacher").in_order()[:MOST_SHOWN]
    return list(found)


@never_cache
@page
def new_class(request: PersonRequest) -> HttpResponse:
    """« Nouvelle classe virtuelle »: one form, and the class is open."""
    try:
        places = teaching.places(request.user)
    except teaching.NotATeacher as refusal:
        return _not_a_teacher(request, refusal)
    title = {"title": _("Classe de %(name)s") % {"name": request.user.full_name}}
    form = NewClassForm(request.POST or None, places=places, initial=title)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            session = scheduling.create_and_plan(
                by=request.user,
                wanted=form.wanted(degree=said["degree"], division=said["division"], school=said["school"]),
                starts_at=said["starts_at"],
                lasts=said["length"],
                submission=said["submission"],
            )
        except scheduling.Overlap:
            _say_clash(request, form, said["division"])
        except scheduling.NotAllowed:
            form.add_error(None, _("Votre académie ou votre établissement ne permet pas cette classe."))
        except scheduling.TooMany:
            form.add_error(None, _("Vous avez déjà soixante classes. Fermez celles qui ne servent plus."))
        else:
            if "now" in request.POST:
                return _open(request, session)
            return redirect("class_page", public_id=session.virtual_class.public_id)
    return render(request, "virtual_classes/new_class.html", {"form": form, "help": help_pages()})


def _not_a_teacher(request: HttpRequest, refusal: teaching.NotATeacher) -> HttpResponse:
    """Say why, and how to get it (SCREENS B1)."""
    return render(
        request, "virtual_classes/not_a_teacher.html", {"why": refusal.why.value, "help": help_pages()}
    )


def _open(request: PersonRequest, session: ClassSession) -> HttpResponse:
    try:
        running.open(session, by=request.user)
    except (running.NotNow, running.NotAllowed):
        pass  # the page says where it stands
    return redirect("class_session", public_id=session.public_id)


def _say_clash(request: PersonRequest, form: HoursForm, division: Any) -> None:
    said = form.cleaned_data
    other = scheduling.clashes_with(
        by=request.user, division=division, starts_at=said["starts_at"], lasts=said["length"]
    )
    sentence = _("Il y a déjà une séance à cette heure-là.")
    if other is not None:
        sentence = _("À cette heure-là il y a déjà « %(title)s », de %(start)s à %(end)s.") % {
            "title": other.virtual_class.title,
            "start": f"{other.starts_at.astimezone(form.zone):%H:%M}",
            "end": f"{other.ends_at.astimezone(form.zone):%H:%M}",
        }
    form.add_error("starts", sentence)


def own_class(request: PersonRequest, public_id: UUID) -> VirtualClass:
    """Return a class that this person runs; 404 for any other (SAFETY T35)."""
    mine = VirtualClass.objects.run_by(request.user).select_related(
        "academy", "school", "division", "teacher"
    )
    return get_object_or_404(mine, public_id=public_id, closed_at=None)


@holds_a_secret
@page
def class_page(request: PersonRequest, public_id: UUID) -> HttpResponse:
    """A class: its link, its sessions; another one is added here."""
    virtual_class = own_class(request, public_id)
    zone = zone_of(virtual_class.academy.code)
    form = SessionForm(request.POST or None, zone=zone)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            session = scheduling.plan(
                virtual_class,
                starts_at=said["starts_at"],
                lasts=said["length"],
                by=request.user,
                submission=said["submission"],
            )
        except scheduling.Overlap:
            _say_clash(request, form, virtual_class.division)
        except (scheduling.NotAllowed, scheduling.TooMany):
            form.add_error(None, _("Cette classe ne prend plus de séance."))
        except teaching.NotATeacher as refusal:
            return _not_a_teacher(request, refusal)
        else:
            if "now" in request.POST:
                return _open(request, session)
            messages.success(request, _("La séance est ajoutée."))
            return redirect("class_page", public_id=public_id)
    sessions = virtual_class.sessions.select_related("virtual_class__academy", "teacher")
    shown = {
        "class": virtual_class,
        "zone": zone,
        "link": link_of(virtual_class),
        "sessions": sessions.alive().in_order()[:MOST_SHOWN],
        "past": sessions.filter(state=ClassSession.State.ENDED).order_by("-ended_at")[:10],
        "expected": len(joining.expected_pupils(virtual_class)),
        "invited": virtual_class.memberships.count(),
        "form": form,
        "help": help_pages(),
    }
    return render(request, "virtual_classes/class.html", shown)


def link_of(virtual_class: VirtualClass) -> str:
    """Return the whole link of a class."""
    return address_of("class_door", token=scheduling.link_of(virtual_class))


@holds_a_secret
@require_safe
def project(request: PersonRequest, public_id: UUID) -> HttpResponse:
    """The link and its square, to show to a room of pupils (SCREENS B4)."""
    virtual_class = own_class(request, public_id)
    link = link_of(virtual_class)
    drawing = DefaultMFAAdapter().build_totp_svg(link)  # draws any text
    picture = f"data:image/svg+xml;base64,{base64.b64encode(drawing.encode()).decode()}"
    return render(
        request, "virtual_classes/project.html", {"class": virtual_class, "link": link, "picture": picture}
    )


@never_cache
@page
def class_settings(request: PersonRequest, public_id: UUID) -> HttpResponse:
    """« Réglages »: how one comes in; another mode closes the link there was."""
    virtual_class = own_class(request, public_id)
    try:
        teaches = teaching.of(request.user, virtual_class.school_id)
    except teaching.NotATeacher as refusal:
        return _not_a_teacher(request, refusal)
    degree = Degree(virtual_class.degree)
    form = SettingsForm(
        request.POST or None, teaches=teaches, degree=degree, initial=settings_of(virtual_class)
    )
    if request.method == "POST" and form.is_valid():
        try:
            scheduling.change(
                virtual_class, form.wanted(degree=degree, division=virtual_class.division), by=request.user
            )
        except scheduling.NotAllowed:
            form.add_error("mode", _("Votre académie ou votre établissement ne permet pas cette entrée."))
        else:
            messages.success(request, _("Les réglages sont enregistrés."))
            return redirect("class_page", public_id=public_id)
    return render(
        request,
        "virtual_classes/settings.html",
        {"form": form, "class": virtual_class, "help": help_pages()},
    )


@require_POST
def renew_link(request: PersonRequest, public_id: UUID) -> HttpResponse:
    """Close the link there was, and make another."""
    scheduling.renew_link(own_class(request, public_id), by=request.user)
    messages.success(request, _("Le lien est changé : l’ancien n’ouvre plus rien."))
    return redirect("class_page", public_id=public_id)


@never_cache
@page
def close_class(request: PersonRequest, public_id: UUID) -> HttpResponse:
    """« Fermer cette classe », asked twice."""
    mine = VirtualClass.objects.run_by(request.user)
    virtual_class = get_object_or_404(mine, public_id=public_id)
    if request.method == "POST":
        try:
            scheduling.close(virtual_class, by=request.user)
        except scheduling.NotNow:
            messages.error(request, _("Une séance est ouverte. Terminez-la d’abord."))
            return redirect("class_page", public_id=public_id)
        messages.success(request, _("La classe est fermée."))
        return redirect("my_classes")
    if not virtual_class.is_alive:
        return redirect("my_classes")
    return render(request, "virtual_classes/close.html", {"class": virtual_class})


@never_cache
@page
def invite(request: PersonRequest, public_id: UUID) -> HttpResponse:
    """« Inviter »: by addresses and user names; a division is expected already."""
    virtual_class = own_class(request, public_id)
    if request.method == "POST" and (key := request.POST.get("remove", "")):
        if re.fullmatch(r"[0-9]{1,18}", key):
            scheduling.expect_no_more(virtual_class, int(key), by=request.user)
        return redirect("class_invite", public_id=public_id)
    try:
        pupils = inviting.pupils_to_invite(virtual_class, by=request.user)
    except teaching.NotATeacher as refusal:
        return _not_a_teacher(request, refusal)
    form = InviteForm(request.POST or None, pupils=pupils)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            done = inviting.invite(
                virtual_class,
                names=said["names"],
                addresses=said["addresses"],
                pupils=said["pupils"],
                by=request.user,
            )
        except scheduling.TooMany:
            form.add_error("people", _("Une classe attend trois cents personnes au plus."))
        except limits.Refused as refusal:
            form.add_error(
                None,
                _("Vous avez déjà envoyé deux cents invitations aujourd’hui. Réessayez %(wait)s.")
                % {"wait": refusal.wait},
            )
        else:
            _say_invited(request, done)
            return redirect("class_page", public_id=public_id)
    shown = {
        "form": form,
        "class": virtual_class,
        "invited": virtual_class.memberships.select_related("student").order_by("pk"),
        "help": help_pages(),
    }
    return render(request, "virtual_classes/invite.html", shown)


def _say_invited(request: HttpRequest, done: inviting.Invited) -> None:
    messages.success(
        request,
        _("C’est noté : %(letters)s courriels partent, %(names)s personnes attendues sans courriel.")
        % {"letters": done.letters, "names": done.names},
    )
    if done.held_back:
        messages.warning(
            request,
            _("Trois invitations sont déjà parties aujourd’hui vers %(addresses)s : aucune de plus.")
            % {"addresses": ", ".join(done.held_back[:5])},
        )
