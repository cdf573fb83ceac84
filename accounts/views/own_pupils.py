"""« Mes élèves »: a teacher gives a pupil of their classes a new code on paper (SCREENS C2, recovery)."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts.ent_forms import NewLetterForm
from accounts.models import User
from accounts.reauthentication import recently_proved
from accounts.sessions import PersonRequest
from schools.letters import codes, keeping
from schools.models import Division, Schooling
from throttling import limits

from .pages import page


def _divisions_of(user: User) -> list[Division]:
    """Return the classes where a person teaches, by what their schools say now (SAFETY T50)."""
    mine = Division.objects.filter(staff__in=user.posts(), staff__gone_at=None, closed_at=None)
    return list(mine.select_related("school__academy").order_by("school", "code", "pk").distinct())


@never_cache
@require_safe
def divisions(request: PersonRequest) -> HttpResponse:
    """List the classes of a teacher."""
    mine = _divisions_of(request.user)
    if not mine:
        raise Http404
    return render(request, "accounts/ent/own_pupils.html", {"divisions": mine})


@never_cache
@recently_proved
@page
def division(request: PersonRequest, public_id: UUID) -> HttpResponse:
    """List the pupils of a class, and print a new letter for one: the code before is dead."""
    mine = next((each for each in _divisions_of(request.user) if each.public_id == public_id), None)
    if mine is None:
        raise Http404
    here = Schooling.objects.current().filter(divisions=mine, student__merged_into=None)
    told = ""
    form = NewLetterForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        chosen = get_object_or_404(
            here.select_related("student"), student__public_id=form.cleaned_data["pupil"]
        )
        try:
            made = codes.replace(
                chosen.student,
                school=mine.school,
                by=request.user.subject,
                submission=form.cleaned_data["submission"],
                language=get_language() or "fr",
            )
        except limits.Refused as refusal:
            told = _("Plusieurs lettres ont déjà été faites aujourd’hui. Réessayez %(wait)s.") % {
                "wait": refusal.wait
            }
        except (codes.NoIdentifier, keeping.NoFile):
            told = _("Cette lettre ne peut plus être montrée. Demandez-en une autre.")
        else:
            answer = HttpResponse(made.pdf, content_type="application/pdf")
            answer.headers["Content-Disposition"] = 'attachment; filename="lettre.pdf"'
            return answer
    pupils = [each.student for each in here.select_related("student")]
    pupils.sort(key=lambda pupil: (pupil.usage_name or pupil.family_name, pupil.first_name, pupil.pk))
    shown = {"division": mine, "pupils": pupils, "form": NewLetterForm(auto_id=False), "told": told}
    return render(request, "accounts/ent/own_pupils_division.html", shown)
