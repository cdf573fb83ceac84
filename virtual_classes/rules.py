"""Writing down what an académie, or one of its schools, lets its teachers choose (SCREENS B3)."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Power, User
from audit import journal
from schools.models import Academy, School

from .models import ClassRules, Degree

RULED = journal.register_act("class_rules.decided", _("Règle des classes virtuelles décidée"))
LIFTED = journal.register_act("class_rules.lifted", _("Règle des classes virtuelles retirée"))


class NotAllowed(Exception):
    """This place is not this person's to rule."""


@transaction.atomic
def decide(
    *,
    academy: Academy,
    school: School | None,
    degree: Degree,
    by_link: bool,
    by_account: bool,
    of_a_teacher: bool,
    of_a_division: bool,
    by: User,
    reason: str = "",
) -> ClassRules:
    """Set the rule of a place, in place of the one there was. It counts from the next page on.

    Classes that are there keep how they are entered. Raises :class:`NotAllowed`, and ``ValueError`` for a
    rule that leaves no way in, or no class at all.
    """
    _check(academy, school, by)
    if not (by_link or by_account) or not (of_a_teacher or of_a_division):
        raise ValueError("a rule leaves at least one way in, and one kind of class")
    rule, _new = ClassRules.objects.update_or_create(
        academy=academy,
        school=school,
        degree=degree,
        defaults={
            "by_link": by_link,
            "by_account": by_account,
            "of_a_teacher": of_a_teacher,
            "of_a_division": of_a_division,
        },
    )
    fields = ["by_link", "by_account", "of_a_teacher", "of_a_division"]
    _note(RULED, rule, by, reason, fields)
    return rule


@transaction.atomic
def lift(rule: ClassRules, *, by: User, reason: str = "") -> None:
    """Take a rule back: what holds without one holds again. Raises :class:`NotAllowed`."""
    _check(rule.academy, rule.school, by)
    _note(LIFTED, rule, by, reason, [])
    rule.delete()


def _check(academy: Academy, school: School | None, by: User) -> None:
    """Let an académie be ruled by its DANE, and a school by that or by its own head (SCREENS B3)."""
    if school is not None and school.academy_id != academy.pk:
        raise NotAllowed
    if not by.scope(Power.RULE_CLASSES).covers(academy.code, school.uai if school else ""):
        raise NotAllowed


def _note(act: str, rule: ClassRules, by: User, reason: str, fields: list[str]) -> None:
    place = rule.school.subject if rule.school else f"academy:{rule.academy.code}"
    journal.record(
        act=act, actor=by.subject, subject=place, fields=fields, reason=reason, academy=rule.academy.code
    )
