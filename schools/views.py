"""A head hands over the files of their own school: the same way as in the administration, outside of it.

Who may do that, and for which school, says the account's scope, of a floor above: for anybody else there is
nothing here (404). What matters asks for the password again when the last proof is old.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from back_office import who

from . import own_school
from .forms import ConfirmForm, MappingForm, UploadForm
from .models import RosterImport, School
from .rosters import applying, importing, readers
from .rosters.reporting import report_of
from .rosters.rows import FileRefused
from .scope import Scope

IMPORT_ROSTERS = "import_rosters"  # accounts.powers.Power, of a floor above
TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
CHOSEN = "own_school.chosen"  # in a session: the public id of the school that pages are about
View = Callable[..., HttpResponse]


def at_own_school(power: str) -> Callable[[View], View]:
    """Give a view the school where a person has a power of its own, and the scope it is in.

    For the head, and for whom the head has given that power; :class:`Http404` for anybody else. Whoever has
    the power for an académie comes by the administration. Of several schools it is the one that was chosen on
    « Mon établissement », and nothing of another is done by mistake: what one may not do there is not there.

    The address of one thing, an import or a colleague, says by itself which school it is of: a link to it
    opens at that school, and the choice stays what it was (:func:`.own_school.is_elsewhere`).
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(request: HttpRequest, **given: Any) -> HttpResponse:
            person: Any = request.user
            allowed = person.scope(power).schools
            mine = own_schools(request)
            chosen = next((each for each in mine if _is_chosen(request, each)), mine[0] if mine else None)
            vars(request)[own_school.IN_TABS] = chosen
            others = [each for each in mine if each != chosen] if given else []
            for school in [chosen, *others]:
                if school is None or school.uai not in allowed:
                    continue
                try:
                    answer = view(
                        request, school=school, scope=Scope(schools=frozenset({school.uai})), **given
                    )
                except Http404:
                    continue
                return answer
            raise Http404

        return wrapped

    return decorate


def own_schools(request: HttpRequest) -> list[School]:
    """Return the schools that a person looks after, the one that is there without a choice first."""
    person: Any = request.user
    scope = Scope(schools=person.scope(own_school.SEE_SCHOOL).schools)
    return list(School.objects.open_to(scope).select_related("academy").order_by("pk")) if scope else []


def _is_chosen(request: HttpRequest, school: School) -> bool:
    return request.session.get(CHOSEN) == str(school.public_id)


for_a_head = at_own_school(IMPORT_ROSTERS)  # what no head hands on to anybody


def proved(view: View) -> View:
    """Ask for the password again before a decision, when the last proof is old."""
    decorated: View = import_string(settings.BACK_OFFICE_PROOF)(view)
    return decorated


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@at_own_school(own_school.SEE_SCHOOL)
def home(request: HttpRequest, school: School, scope: Scope) -> HttpResponse:
    """« Mon établissement »: what one may do for it, each thing with its numbers; of several, which one."""
    person: Any = request.user
    has_several = len(person.scope(own_school.SEE_SCHOOL).schools) > 1
    mine = own_schools(request) if has_several else [school]
    if request.method == "POST":
        wanted = request.POST.get("school", "")
        if not any(str(each.public_id) == wanted for each in mine):
            raise Http404
        request.session[CHOSEN] = wanted
        return redirect("own_school_home")
    cards = [(page, page.figures(school)) for page in own_school.pages_for(person, school)]
    others = [each for each in mine if each.pk != school.pk]
    return render(
        request, "schools/own_school.html", {"school": school, "cards": cards, "other_schools": others}
    )


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_a_head
def imports(request: HttpRequest, school: School, scope: Scope) -> HttpResponse:
    """Show what was handed over for one's school, and take files: by themselves they change nothing."""
    form = UploadForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            made = importing.hand_over(
                school, said["kind"], said["documents"], scope=scope, by=who.asks(request)
            )
        except importing.AlreadyOne:
            form.add_error(
                None,
                _("D’autres fichiers attendent encore : appliquez-les ou abandonnez-les d’abord."),
            )
        else:
            return redirect("own_school_import", public_id=made.public_id)
    latest = RosterImport.objects.open_to(scope).order_by("-pk")[:10]
    return render(request, "schools/imports.html", {"form": form, "school": school, "imports": latest})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_a_head
def report(request: HttpRequest, school: School, scope: Scope, public_id: UUID) -> HttpResponse:
    """Show where an import stands and what it changes; take the decision on it."""
    found = get_object_or_404(RosterImport.objects.open_to(scope), public_id=public_id)
    if request.method == "POST":
        return proved(_decide)(request, school=school, found=found)
    return _report_page(request, school, found, ConfirmForm())


def _decide(request: HttpRequest, school: School, found: RosterImport) -> HttpResponse:
    form = ConfirmForm(request.POST)
    confirmed = form.is_valid()
    try:
        if "give_up" in request.POST:
            importing.give_up(found, by=who.asks(request))
        elif "apply" in request.POST:
            importing.decide(found, by=who.asks(request), confirmed=confirmed)
    except applying.ConfirmationWanted:
        return _report_page(request, school, found, form)
    except importing.NotNow:
        pass  # the page says where it stands
    return redirect("own_school_import", public_id=found.public_id)


def _report_page(
    request: HttpRequest, school: School, found: RosterImport, form: ConfirmForm
) -> HttpResponse:
    context = {"school": school, "roster_import": found, "report": report_of(found), "form": form}
    return render(request, "schools/import.html", context)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@for_a_head
def mapping(request: HttpRequest, school: School, scope: Scope, public_id: UUID) -> HttpResponse:
    """Ask which column of a table holds what."""
    waiting = RosterImport.objects.open_to(scope).filter(state=RosterImport.State.MAPPING)
    found = get_object_or_404(waiting, public_id=public_id)
    try:
        form = MappingForm(importing.columns_of(found), request.POST or None)
    except FileRefused as refused:
        raise Http404 from refused
    if request.method == "POST" and form.is_valid():
        try:
            importing.say_columns(found, form.mapping)
        except importing.NotNow:
            pass
        return redirect("own_school_import", public_id=found.public_id)
    return render(request, "schools/mapping.html", {"form": form, "school": school, "roster_import": found})


@require_safe
@for_a_head
def template(request: HttpRequest, school: School, scope: Scope, kind: str, form: str) -> HttpResponse:
    """Return an empty table to fill in: of pupils, or of staff."""
    if kind not in importing.TABLES or form not in TYPES:
        raise Http404
    content = readers.template(readers.Kind(kind), "csv" if form == "csv" else "xlsx")
    answer = HttpResponse(content, content_type=TYPES[form])
    answer["Content-Disposition"] = f'attachment; filename="{kind}.{form}"'
    return answer
