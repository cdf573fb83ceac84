"""The options of a long list, written in one go."""

from __future__ import annotations

from html import escape
from typing import Any

from django import template
from django.forms import BoundField, ChoiceField
from django.utils.safestring import SafeString

register = template.Library()


@register.simple_tag
def options(field: BoundField) -> SafeString:
    """The ``<option>`` elements of a bound field with choices, the one that stands in the form selected.

    Countries, départements and académies make some four hundred: a template's loop over them took
    more time than all the rest of the page.
    """
    value = field.value()
    chosen = "" if value is None else str(value)
    written = []
    assert isinstance(field.field, ChoiceField)
    offered: Any = field.field.choices  # pairs, whatever they were given as
    for choice, label in offered:
        key = str(choice)
        selected = " selected" if key == chosen else ""
        written.append(f'<option value="{escape(key)}"{selected}>{escape(str(label))}</option>')
    return SafeString("".join(written))
