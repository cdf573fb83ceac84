"""What the head of a school does for a guardian who cannot get in: a code, birth dates tried again."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.db.models import Exists, F, OuterRef, QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import custody
from accounts.models import Power
from accounts.sessions import PersonRequest
from accounts.views.pages import page
from schools import paging, reading
from schools.models import Division, GuardianTie, School, Schooling, Student
from schools.scope import Scope
from schools.search_key import prefix_query, words_of
from schools.views import at_own_school, proved

from .. import children_accounts, declaring, pairing, reopening
from ..code_sheet import sheet
from ..forms import GiveCodeForm
from ..models import GIVES_ACCESS, PairingCode
from ..own_school import totals_of


@never_cache
@require_safe
@at_own_school(Power.ANSWER_FAMILIES)
def pupils(request: PersonRequest, school: School, scope: Scope) -> HttpResponse:
    """Show the classes of one's school with their totals, and find a pupil: in a class, or by name.

    No pupil is listed before a class is opened or a name typed (SAFETY T53).
    """
    typed = request.GET.get("q", "").replace("\0", "").strip()[:200]
    division = _division(school, request.GET.get("classe", ""))
    query = prefix_query(typed)
    shown: dict[str, Any] = {"school": school, "typed": typed, "totals": totals_of(school)}
    if query is not None or division is not None:
        found = _pupils_of(school, division)
        if query is not None:
            found = found.alias(words=words_of("search_key")).filter(words=query)
        asked = {"q": typed} if query is not None else {}
        if division is not None:
            asked["classe"] = str(division.public_id)
        shown |= {
            "leaf": paging.leaf(found, request.GET.get("apres", "")),
            "division": division,
            "query": urlencode(asked),
        }
    return render(request, "guardians/own_school/pupils.html", shown)


def _division(school: School, typed: str) -> Division | None:
    """Return the class that an address names, if it is one of the school's."""
    try:
        return Division.objects.filter(school=school, public_id=UUID(typed)).first()
    except ValueError:
        return None


def _pupils_of(school: School, division: Division | None) -> QuerySet[Student]:
    """Return the pupils of a school, or of one class, with ``last_sign_in`` and whether each ``has_left``."""
    here = Schooling.objects.filter(school=school)
    if division is not None:
        here = here.current().filter(divisions=division)
    return (
        Student.objects.living()
        .filter(pk__in=here.values("student"))
        .annotate(
            last_sign_in=F("account__last_login"),
            has_left=Exists(here.filter(student=OuterRef("pk"), gone_at__isnull=False)),
        )
    )


@never_cache
@page
@at_own_school(Power.ANSWER_FAMILIES)
def pupil(request: PersonRequest, school: School, scope: Scope, public_id: UUID) -> HttpResponse:
    """Show whom the school may call about a pupil; give one of them a code, revoke one, open dates again."""
    student = get_object_or_404(Student.objects.living().open_to(scope), public_id=public_id)
    if request.method == "POST":
        return proved(_act)(request, school=school, student=student)
    reading.note(student, by=request.user.subject)
    return _pupil_page(request, school, student)


def _act(request: PersonRequest, school: School, student: Student) -> HttpResponse:
    ties = _ties(school, student)
    if "revoke" in request.POST:
        codes = PairingCode.objects.select_related("tie__contact__school__academy", "tie__student")
        given = _chosen(codes.filter(tie__in=ties), request.POST["revoke"])
        if given is not None:
            pairing.revoke(given, by=request.user)
    elif "reopen" in request.POST:
        reopening.reopen(student, by=request.user, reason="")
    elif "give" in request.POST:
        tie = next((tie for tie in ties if str(tie.contact.public_id) == request.POST["give"]), None)
        form = GiveCodeForm(request.POST)
        if tie is not None and form.is_valid():
            try:
                code = pairing.give(tie, by=request.user, submission=form.cleaned_data["submission"])
            except pairing.NotGiven as refusal:
                return _pupil_page(request, school, student, told=str(refusal.why))
            else:
                return render(
                    request, "guardians/own_school/code.html", {**sheet(code, tie), "school": school}
                )
    return redirect("own_school_pupil", public_id=student.public_id)


def _chosen(codes: Any, public_id: str) -> PairingCode | None:
    """Return the code that was named, if it is one of these."""
    return next((each for each in codes if str(each.public_id) == public_id), None)


def _ties(school: School, student: Student) -> list[GuardianTie]:
    """Return what the school's own record gives: never what another school says of the child (SAFETY T50)."""
    mine = GuardianTie.objects.filter(
        student=student, contact__school=school, removed_at=None, responsibility__in=GIVES_ACCESS
    )
    return list(mine.select_related("contact__school__academy", "student").order_by("pk"))


def _pupil_page(request: PersonRequest, school: School, student: Student, told: str = "") -> HttpResponse:
    ties = _ties(school, student)
    codes = PairingCode.objects.alive().filter(tie__in=ties).select_related("tie__contact")
    account = children_accounts.account_held(student)
    shown = {
        "school": school,
        "pupil": student,
        "ties": ties,
        "codes": codes.order_by("pk"),
        "is_locked": reopening.is_locked(student),
        "closed": declaring.closed_school(school),
        "is_orphaned": account is not None and not custody.is_held(account),
        "give": GiveCodeForm(auto_id=False),
        "told": told,
    }
    return render(request, "guardians/own_school/pupil.html", shown)
