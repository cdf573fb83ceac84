"""Finding imports whose worker died, or never came: another one takes over, three times at most (F6, F18)."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now

from schools.models import RosterImport

from . import importing, nudging

State = RosterImport.State
_TASKS = {State.UPLOADED: "schools.tasks.read_roster", State.APPLYING: "schools.tasks.apply_roster"}


def sweep() -> int:
    """Give what nobody holds any more to another worker, or say that it failed; return how many.

    A row that a worker has locked is left to it, however long it takes.
    """
    found = 0
    with transaction.atomic():
        left = RosterImport.objects.select_for_update(skip_locked=True, of=("self",)).filter(
            Q(held_until__lt=Now()), state__in=(State.UPLOADED, State.READING, State.APPLYING)
        )
        for each in left.order_by("held_until")[:50]:
            found += 1
            if each.attempts >= importing.TRIES:
                importing.fail(each, "worker_lost", each.state)
                continue
            again = State.APPLYING if each.state == State.APPLYING else State.UPLOADED
            RosterImport.objects.filter(pk=each.pk).update(state=again, held_until=Now() + importing.LEASE)
            nudging.soon(_TASKS[again], each.public_id)
    return found
