"""What each role may do: one table, asked by the administration and by the doorways of every model."""

from __future__ import annotations

from enum import StrEnum

from django.db import models
from django.utils.translation import gettext_lazy as _

from schools.scope import EVERYWHERE, NOWHERE, Scope

from .areas import Area


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
    SET_UP_ENTRANCES = "set_up_entrances"  # the trees of C1, and the identity providers behind them
    SET_COUNTER = "set_counter"  # whom the staff of an académie call
    SEE_SCHOOL = "see_school"  # « Mon établissement », its numbers
    LOOK_AFTER_STAFF = "look_after_staff"  # the staff of a school, its local admins
    GIVE_LETTERS = "give_letters"  # first sign-in letters of a school
    RESET_SCHOOL = "reset_school"  # end every session of a school, have new passwords chosen (SAFETY G16)
    RUN_SERVERS = "run_servers"  # the servers where virtual classes meet


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
            Power.SET_COUNTER,
            Power.RESET_SCHOOL,
            Power.RUN_SERVERS,
            Power.RULE_CLASSES,
        }
    ),
    Role.NATIONAL: frozenset(Power) - {Power.READ_AUDIT},
    Role.DATA_PROTECTION: frozenset({Power.READ_AUDIT}),
}

# For one's own school only. The files of a school are handed over by its head: a wrong one can take the
# access of everybody there (docs/adr/0010).
POWERS_OF_A_HEAD = frozenset(
    {
        Power.IMPORT_ROSTERS,
        Power.ANSWER_FAMILIES,
        Power.SEE_SCHOOL,
        Power.LOOK_AFTER_STAFF,
        Power.GIVE_LETTERS,
        Power.RESET_SCHOOL,
        Power.RULE_CLASSES,
    }
)
POWERS_OF_AN_AREA: dict[str, frozenset[Power]] = {
    Area.LETTERS: frozenset({Power.SEE_SCHOOL, Power.GIVE_LETTERS}),
    Area.FAMILIES: frozenset({Power.SEE_SCHOOL, Power.ANSWER_FAMILIES}),
}


def scopes(roles: list[tuple[str, str | None]]) -> dict[Power, Scope]:
    """Return where each power holds for who has these roles: (role, code of an académie or ``None``)."""
    found: dict[Power, Scope] = {}
    for role, academy in roles:
        scope = EVERYWHERE if academy is None else Scope(frozenset({academy}))
        for power in POWERS[role]:
            found[power] = found.get(power, NOWHERE) | scope
    return found
