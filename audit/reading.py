"""Who read the journal, and who took a list away: noted like any other act (SAFETY T53)."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from . import journal

READ = journal.register_act("audit.read", _("Journal consulté"))
EXPORTED = journal.register_act("list.exported", _("Liste exportée"))


def searched(*, subject: str, actor: str, academies: Iterable[str]) -> None:
    """Note that somebody looked in the journal for what concerns ``subject``.

    ``academies``: the codes of those whose lines they may read; none for all. Raises ``ValueError`` for
    a subject that no line can have.
    """
    _note(READ, subject=subject, actor=actor, reason="", academies=academies)


def exported(*, what: str, actor: str, reason: str, academies: Iterable[str]) -> None:
    """Note that somebody took a list of ``what`` (an app and a model) away, and why."""
    _note(EXPORTED, subject=f"list:{what}", actor=actor, reason=reason, academies=academies)


def _note(act: str, *, subject: str, actor: str, reason: str, academies: Iterable[str]) -> None:
    # One line for each académie, so that each one's own readers find it.
    for academy in sorted(academies) or [""]:
        journal.record(act=act, actor=actor, subject=subject, reason=reason, academy=academy)
