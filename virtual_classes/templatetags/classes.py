"""How the pages of virtual classes write hours."""

from __future__ import annotations

from django import template
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from ..clock import zone_of
from ..models import ClassSession

register = template.Library()


@register.filter
def hours(session: ClassSession) -> str:
    """Write when a session is, by the clock of its school: « aujourd’hui, 8:00 – 8:55 »."""
    zone = zone_of(session.virtual_class.academy.code)
    starts, ends = session.starts_at.astimezone(zone), session.ends_at.astimezone(zone)
    days = (starts.date() - timezone.now().astimezone(zone).date()).days
    if days == 0:
        day = _("aujourd’hui")
    elif days == 1:
        day = _("demain")
    else:
        day = date_format(starts, "l j F")
    return _("%(day)s, %(start)s – %(end)s") % {
        "day": day,
        "start": date_format(starts, "H:i"),
        "end": date_format(ends, "H:i"),
    }
