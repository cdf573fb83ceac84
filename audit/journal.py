"""Who did what to whom: the names of the fields changed, never their values (DESIGN section 1).

Each app declares its acts beside the code that does them::

    CONFIRMED = journal.register_act("account.confirmed", _("Compte confirmé"))

and writes them in the transaction that does them, so that neither is kept without the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any
from uuid import UUID

from django.utils.functional import Promise

from .models import Record

ACT = re.compile(r"[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)+")
FIELD = re.compile(r"[a-z][a-z0-9_]{0,59}")
# « system », « user:7f9c… », « academy:70 »: a kind, and an identifier that says nothing by itself.
OPAQUE = re.compile(r"[a-z][a-z_]{0,29}(:(?P<identifier>[A-Za-z0-9_.-]{1,49}))?")
# Eight digits or more, however they are grouped: a phone, a birth date, a student's number.
TELLING = re.compile(r"[0-9]([-._]?[0-9]){7,}")

_acts: dict[str, str | Promise] = {}


def register_act(act: str, label: str | Promise) -> str:
    """Declare an act under a name such as ``account.confirmed``, with the words staff read; return the name.

    Raises ``ValueError`` for a name of another form, or one that is declared already.
    """
    if not ACT.fullmatch(act):
        raise ValueError(f"{act!r} does not have the form thing.done")
    if act in _acts:
        raise ValueError(f"The act {act!r} is declared twice")
    _acts[act] = label
    return act


def label(act: str) -> str:
    """Return the words staff read for an act; its name, for one that no app declares any more."""
    return str(_acts.get(act, act))


def acts() -> list[tuple[str, str]]:
    """Return every act that is declared, with its words, in the order of the words."""
    return sorted(((act, label(act)) for act in _acts), key=lambda each: each[1].casefold())


def is_opaque(value: str) -> bool:
    """Tell whether ``value`` can stand in a line as an actor or a subject: it says nothing by itself."""
    return _is_opaque(value)


def record(**said: Any) -> None:
    """Write one line, for the staff and the auditors who ask later what happened: see :func:`line`."""
    line(**said).save(force_insert=True)


def record_all(lines: Iterable[Record]) -> None:
    """Write many lines of :func:`line` by one statement, in the transaction of what they tell."""
    Record.objects.bulk_create(list(lines))


def line(
    *,
    act: str,
    actor: str,
    subject: str,
    fields: Sequence[str] = (),
    reason: str = "",
    academy: str = "",
) -> Record:
    """Return one line that is not written yet, for who writes it together with what it tells.

    ``actor`` and ``subject`` are opaque: « system » or a kind and a public identifier
    (« user:<public id> »). ``fields`` are names of fields. ``reason`` is what the actor gave as a
    reason, ``academy`` the code of the académie whose staff may read the line. Raises ``ValueError``
    for an act that is not declared, and for an actor, a subject or a field that could be an
    address, a phone or a date: a mistake here would keep personal data for ever.
    """
    if act not in _acts:
        raise ValueError(f"The act {act!r} is not declared: see register_act()")
    for name, value in (("actor", actor), ("subject", subject)):
        if not _is_opaque(value):
            # Without the value: the refusal ends up in a log.
            raise ValueError(f"The {name} of {act} is not an opaque identifier such as user:<public id>")
    if not all(FIELD.fullmatch(field) and not TELLING.search(field) for field in fields):
        raise ValueError(f"The fields of {act} must be names of fields, not values")
    return Record(act=act, actor=actor, subject=subject, fields=list(fields), reason=reason, academy=academy)


def _is_opaque(value: str) -> bool:
    """Tell whether ``value`` has the form of an identifier that says nothing by itself."""
    written = OPAQUE.fullmatch(value)
    if written is None:
        return False
    identifier = written["identifier"] or ""
    try:
        UUID(identifier)  # may well hold eight digits in a row
    except ValueError:
        return TELLING.search(identifier) is None
    return True
