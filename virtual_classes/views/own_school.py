"""« Classes virtuelles » of « Mon établissement »: the head's choice within the académie's (SCREENS B3)."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache

from accounts.models import Power
from accounts.sessions import PersonRequest
from accounts.views.pages import page
from schools.models import School
from schools.scope import Scope
from schools.views import at_own_school, proved

from .. import rules, teaching
from ..forms import SchoolRulesForm
from ..models import ClassRules, Degree


@never_cache
@page
@at_own_school(Power.RULE_CLASSES)
@proved
def classes(request: PersonRequest, school: School, scope: Scope) -> HttpResponse:
    """Say what the teachers of one's school may choose, or follow the académie again."""
    degree = Degree.FIRST if school.kind == School.Kind.ECOLE else Degree.SECOND
    own = ClassRules.objects.filter(academy=school.academy, school=school, degree=degree).first()
    if request.method == "POST" and "follow" in request.POST:
        if own is not None:
            rules.lift(own, by=request.user)
        messages.success(request, _("Votre établissement suit la règle de l’académie."))
        return redirect("own_school_classes")
    allowed = teaching.choices_at(school.academy, None, degree)
    form = SchoolRulesForm(
        request.POST or None, allowed=allowed, now=teaching.choices_at(school.academy, school, degree)
    )
    if request.method == "POST" and form.is_valid():
        rule = form.decided(own)
        rules.decide(
            academy=school.academy,
            school=school,
            degree=degree,
            by_link=rule["by_link"],
            by_account=rule["by_account"],
            of_a_teacher=rule["of_a_teacher"],
            of_a_division=rule["of_a_division"],
            by=request.user,
        )
        messages.success(request, _("La règle est enregistrée. Elle vaut pour les prochaines classes."))
        return redirect("own_school_classes")
    shown = {"school": school, "form": form, "own": own, "one_way": len(allowed.modes) == 1}
    return render(request, "virtual_classes/own_school/classes.html", shown)
