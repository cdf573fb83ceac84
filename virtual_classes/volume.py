"""The hours of an académie, and what is forgotten in the night (SCREENS B7)."""

from __future__ import annotations

import math
from collections import defaultdict
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Exists, F, OuterRef, Q

from schools.school_year import PARIS, SchoolYear, today

from .models import ClassSession, Entry, HoursHeld, RoomMessage, RoomPresence, VirtualClass
from .models.sessions import LATE

LONGEST = timedelta(hours=12)  # counted of one session
AT_ONCE = 5_000


def this_morning() -> datetime:
    """Return midnight in Paris: what ended before it was yesterday's."""
    return datetime.combine(today(), time(), tzinfo=PARIS)


def count_up() -> int:
    """Add the sessions that were held to the hours of their académies, each once; return how many.

    Two that run at once share the sessions between them. Nothing of the figure says who was there.
    """
    counted = 0
    while batch := _count_some():
        counted += batch
    return counted


def _count_some() -> int:
    with transaction.atomic():
        held = (
            ClassSession.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(state=ClassSession.State.ENDED, is_counted=False, ended_at__lt=this_morning())
            .select_related("virtual_class")
            .order_by("pk")[:AT_ONCE]
        )
        figures: dict[tuple[int, date], list[int]] = defaultdict(lambda: [0, 0])
        keys = []
        for session in held:
            keys.append(session.pk)
            if session.opened_at is None or session.ended_at is None:
                continue
            lasted = min(max(session.ended_at - session.opened_at, timedelta()), LONGEST)
            figure = figures[session.virtual_class.academy_id, today(session.opened_at)]
            figure[0] += 1
            figure[1] += math.ceil(lasted.total_seconds() / 60)
        for (academy, day), (sessions, minutes) in sorted(figures.items()):
            HoursHeld.objects.get_or_create(academy_id=academy, day=day)
            HoursHeld.objects.filter(academy_id=academy, day=day).update(
                sessions=F("sessions") + sessions, minutes=F("minutes") + minutes
            )
        ClassSession.objects.filter(pk__in=keys).update(is_counted=True)
        return len(keys)


def purge() -> None:
    """Forget who stood at yesterday's doors, what the demonstration room said, and old sessions.

    A session that was held goes once it is counted and its notes are gone; a class goes with its school year.
    """
    morning = this_morning()
    over = Q(session__ended_at__lt=morning) | Q(
        session__state=ClassSession.State.PLANNED, session__during__endswith__lt=morning - LATE
    )
    Entry.objects.filter(over).delete()
    RoomMessage.objects.filter(said_at__lt=morning).delete()
    RoomPresence.objects.filter(seen_at__lt=morning).delete()
    past = ClassSession.objects.filter(
        during__endswith__lt=morning - timedelta(days=31), record=None, owes_an_end=False
    )
    past.filter(state__in=["planned", "cancelled"]).delete()
    past.filter(state="ended", is_counted=True).delete()
    kept = ClassSession.objects.filter(virtual_class=OuterRef("pk"))
    kept = kept.filter(
        Q(record__isnull=False) | Q(state__in=["opening", "open"]) | Q(state="ended", is_counted=False)
    )
    past_years = VirtualClass.objects.filter(school_year__lt=SchoolYear.current().year)
    past_years.exclude(Exists(kept)).delete()
