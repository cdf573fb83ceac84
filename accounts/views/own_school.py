"""What the head of a school sees of its staff, whom they let help, and the reset of the whole school."""

from __future__ import annotations

from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import crowds, local_admins, school_resets
from accounts.models import Area, Power, SchoolReset
from accounts.own_school import staff_of
from accounts.own_school_forms import LocalAdminForm, SchoolResetForm
from accounts.sessions import PersonRequest
from schools import paging, reading
from schools.models import School, StaffMember
from schools.scope import Scope
from schools.search_key import prefix_query, words_of
from schools.views import at_own_school, proved
from throttling import limits

from .pages import page


@never_cache
@require_safe
@at_own_school(Power.LOOK_AFTER_STAFF)
def staff(request: PersonRequest, school: School, scope: Scope) -> HttpResponse:
    """Show who works at one's school, in the order of their names, or who is called so."""
    typed = request.GET.get("q", "").replace("\0", "").strip()[:200]
    found = staff_of(school)
    if (query := prefix_query(typed)) is not None:
        found = found.alias(words=words_of("search_key")).filter(words=query)
    leaf = paging.leaf(found.prefetch_related("divisions"), request.GET.get("apres", ""))
    shown = {
        "school": school,
        "typed": typed,
        "leaf": leaf,
        "query": urlencode({"q": typed}) if typed else "",
        "areas": dict(Area.choices),
    }
    return render(request, "accounts/own_school/staff.html", shown)


@never_cache
@require_safe
@at_own_school(Power.LOOK_AFTER_STAFF)
def member(request: PersonRequest, school: School, scope: Scope, public_id: UUID) -> HttpResponse:
    """Show a member of the staff: the school's record, and what a head may know of the account."""
    found = get_object_or_404(staff_of(school).prefetch_related("divisions"), public_id=public_id)
    reading.note(found, by=request.user.subject)
    shown = {
        "school": school,
        "member": found,
        "areas": dict(Area.choices),
        "may_be_named": local_admins.may_be_named(found),
    }
    return render(request, "accounts/own_school/member.html", shown)


@never_cache
@page
@at_own_school(Power.LOOK_AFTER_STAFF)
@proved
def local_admin(request: PersonRequest, school: School, scope: Scope, public_id: UUID) -> HttpResponse:
    """Say what a member of the staff looks after for the school, or that it is nothing any more."""
    found = get_object_or_404(StaffMember.objects.filter(school=school, gone_at=None), public_id=public_id)
    if not local_admins.may_be_named(found):
        raise Http404
    form = LocalAdminForm(_typed(request), initial={"areas": local_admins.areas_of(found)})
    if request.method == "POST" and form.is_valid():
        local_admins.set_areas(found, form.areas, by=request.user)
        return redirect("own_school_member", public_id=found.public_id)
    return render(
        request, "accounts/own_school/local_admin.html", {"school": school, "member": found, "form": form}
    )


@never_cache
@page
@at_own_school(Power.RESET_SCHOOL)
@proved
def reset(request: PersonRequest, school: School, scope: Scope) -> HttpResponse:
    """Ask for the end of all sessions of the school, and for new passwords (SAFETY G16)."""
    form = SchoolResetForm(_typed(request))
    if request.method == "POST" and form.is_valid():
        try:
            asked = school_resets.ask(
                school,
                optional=form.optional,
                submission=form.cleaned_data["submission"],
                by=request.user,
                reason=form.cleaned_data["reason"],
            )
            return redirect("own_school_reset_progress", public_id=asked.public_id)
        except limits.Refused as refusal:
            form.add_error(
                None,
                _("C’est déjà la cinquième fois aujourd’hui. Réessayez %(wait)s, ou appelez votre académie.")
                % {"wait": refusal.wait},
            )
    shown = {
        "school": school,
        "form": form,
        "crowds": school_resets.foreseen(school, by=request.user),
        "latest": school_resets.latest(school),
    }
    return render(request, "accounts/own_school/reset.html", shown)


@never_cache
@require_safe
@at_own_school(Power.RESET_SCHOOL)
def reset_progress(request: PersonRequest, school: School, scope: Scope, public_id: UUID) -> HttpResponse:
    """Show how far a reset is, and what is left to do by hand."""
    found = get_object_or_404(SchoolReset.objects.open_to(scope), public_id=public_id)
    labels = [each.label for each in crowds.registered() if each.code in found.crowds]
    return render(
        request,
        "accounts/own_school/reset_progress.html",
        {"school": school, "reset": found, "labels": labels},
    )


def _typed(request: PersonRequest) -> QueryDict | None:
    """Return what was sent, be it nothing at all: boxes that are not ticked."""
    return request.POST if request.method == "POST" else None
