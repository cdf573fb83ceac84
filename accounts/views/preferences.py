"""« Préférences », tab « Résumé »: who one is here, at one glance (SCREENS C7).

What is read here is changed on « Mon compte » and on the other tabs: each line leads there.
"""

from __future__ import annotations

from django.http import HttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import address_change, belonging, doors, merging, open_sessions, panels, second_factor, standing
from accounts.models import is_staff_door
from accounts.sessions import PersonRequest
from schools.school_year import SchoolYear

LATEST = 3  # of the sessions that are open


@never_cache
@require_safe
def summary(request: PersonRequest) -> HttpResponse:
    """Show names, schools, ways to be reached, the last sign-ins, and what waits for the person."""
    user = request.user
    words = dict(doors.authorities())
    names = user.sign_in_names.order_by("pk").values_list("authority", "name")
    stands = standing.of(user)
    return render(
        request,
        "accounts/preferences/summary.html",
        {
            "names": [(name, words.get(authority, authority)) for authority, name in names],
            "schools": belonging.known(user, request.session),
            "may_add_school": any(map(is_staff_door, stands.doors)),
            "enrolments": stands.enrolments,
            "year": SchoolYear.current(),
            "address": user.address(),
            "change": address_change.pending(user),
            "panels": panels.panels_for(user, on=panels.SUMMARY),
            "has_second_factor": second_factor.has_one(user),
            "sessions": open_sessions.of(user, request)[:LATEST],
            "merges": merging.undoable_by(user),
        },
    )
