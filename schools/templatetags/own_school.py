"""The way through the pages of « Mon établissement », on each of them."""

from __future__ import annotations

from typing import Any

from django import template

from schools.own_school import is_elsewhere, pages_for

register = template.Library()


@register.inclusion_tag("components/own_school_nav.html", takes_context=True)
def own_school_nav(context: dict[str, Any], here: str) -> dict[str, Any]:
    """Draw it; ``here`` is the name of the page one is on, or below.

    On a page of another school than the one chosen, the way to choose that one stands in its place.
    """
    request, school = context["request"], context["school"]
    if is_elsewhere(request, school):
        return {"elsewhere": school, "csrf_token": context.get("csrf_token")}
    return {"pages": pages_for(request.user, school), "here": here}
