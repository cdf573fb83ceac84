"""The way through the pages of « Mon établissement », on each of them."""

from __future__ import annotations

from typing import Any

from django import template

from schools.own_school import pages_for

register = template.Library()


@register.inclusion_tag("components/own_school_nav.html", takes_context=True)
def own_school_nav(context: dict[str, Any], here: str) -> dict[str, Any]:
    """Draw it; ``here`` is the name of the page one is on, or below."""
    return {"pages": pages_for(context["request"].user, context["school"]), "here": here}
