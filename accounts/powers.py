"""What each role may do: one table, asked by the administration and by the doorways of every model."""

from __future__ import annotations

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _

from schools.scope import EVERYWHERE, NOWHERE, Scope


class Role(models.TextChoices):
    """What somebody is in the administration. Given by a national admin, never declared by oneself."""

    DANE = "dane", _("Administrateur DANE d’une académie")
    SUPPORT = "support", _("Assistance")
    NATIONAL = "national", _("Administrateur national")
    DATA_PROTECTION = "dpo", _("Délégué à la protection des données")


class Power(StrEnum):
    """One kind of thing that staff may do, within the académies of their role."""

    READ_PEOPLE = "read_people"  # sign-ups, people, the state of their messages
    RESEND = "resend"  # send a message again
    MEND_PEOPLE = "mend_people"  # correct, confirm by hand, end sessions, force a reset
    DECIDE_OPENINGS = "decide_openings"  # write a rector's decision down
    WRITE_POLICIES = "write_policies"  # national texts
    GIVE_ROLES = "give_roles"
    READ_AUDIT = "read_audit"
    READ_ROSTERS = "read_rosters"  # schools, and what they declare of pupils, guardians and staff
    IMPORT_ROSTERS = "import_rosters"  # a school's files handed over and decided on; two records made one
    ANSWER_FAMILIES = "answer_families"  # requests of families, pairing codes, birth dates tried again
    RULE_CLASSES = "rule_classes"  # what teachers may choose for virtual classes, and the hours held
    LOAD_SCHOOLS = "load_schools"  # the national list of schools


# The journal is read by somebody else than those whose acts it holds (SAFETY T53).
POWERS: dict[str, frozenset[Power]] = {
    Role.SUPPORT: frozenset({Power.READ_PEOPLE, Power.RESEND, Power.READ_ROSTERS}),
    Role.DANE: frozenset(
        {
            Power.READ_PEOPLE,
            Power.RESEND,
            Power.MEND_PEOPLE,
            Power.DECIDE_OPENINGS,
            Power.READ_ROSTERS,
            Power.IMPORT_ROSTERS,
            Power.ANSWER_FAMILIES,
            Power.RULE_CLASSES,
        }
    ),
    Role.NATIONAL: frozenset(Power) - {Power.READ_AUDIT},
    Role.DATA_PROTECTION: frozenset({Power.READ_AUDIT}),
}


def scopes(roles: list[tuple[str, str | None]]) -> dict[Power, Scope]:
    """Return where each power holds for who has these roles: (role, code of an académie or ``None``)."""
    found: dict[Power, Scope] = {}
    for role, academy in roles:
        scope = EVERYWHERE if academy is None else Scope(frozenset({academy}))
        for power in POWERS[role]:
            found[power] = found.get(power, NOWHERE) | scope
    return found
