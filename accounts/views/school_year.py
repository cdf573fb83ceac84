"""« Je renouvelle mon inscription » (SCREENS A8)."""

from __future__ import annotations

from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache

from accounts import enrolment, steps
from accounts.forms import ABROAD, RenewalForm
from accounts.middleware import steps_not_required
from accounts.models import Enrolment
from accounts.sessions import PersonRequest
from schools.school_year import SchoolYear

from .pages import next_page, page


@steps_not_required
@never_cache
@page
def renew(request: PersonRequest) -> HttpResponse:
    """« Je renouvelle mon inscription » at the new school year."""
    if not steps.needs_renewal(request.user):
        return HttpResponseRedirect(next_page(request) or reverse("my_space"))
    last = (
        request.user.enrolments.select_related("academy", "department")
        .order_by("-school_year", "-id")
        .first()
    )
    form = RenewalForm(request.POST or None, initial=_as_initial(last))
    if request.method == "POST" and "show_departments" in request.POST:
        form = RenewalForm(initial=request.POST.dict())
    elif request.method == "POST" and form.is_valid():
        chosen = ("level", "profile", "academy_id", "department_id", "country")
        enrolment.enrol(request.user, **{name: form.cleaned_data[name] for name in chosen})
        return HttpResponseRedirect(next_page(request) or reverse("my_space"))
    return render(request, "accounts/renew.html", {"form": form, "year": SchoolYear.current(), "last": last})


def _as_initial(last: Enrolment | None) -> dict[str, str]:
    if last is None:
        return {}
    return {
        "level": last.level,
        "profile": last.profile,
        "academy": last.academy.code if last.academy else ABROAD,
        "department": last.department.code if last.department else "",
        "country": last.country,
    }
