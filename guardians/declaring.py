"""The children of a first sign-in: a declaration and a birth date for each (SCREENS D7, SAFETY G8)."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Subquery
from django.utils.translation import gettext_lazy as _

from audit import journal
from notifications import outbox
from schools.models import GuardianTie, Responsibility, School, Schooling, Student
from support import answerers, requests
from support.models import SupportRequest
from throttling import limits

from .activation import DAY, OutOfTime
from .models import (
    AT_HAND,
    GIVES_ACCESS,
    IN_A_ROW,
    Activation,
    ActivationAnswer,
    Answer,
    Guardianship,
)

DENIED = journal.register_act(
    "guardian.denied", _("Une personne déclare qu’elle n’est pas responsable légale de l’élève")
)
LOCKED = journal.register_act(
    "guardian.birth_date_locked", _("Rattachement d’un élève bloqué après des dates fausses")
)
ALARMED = journal.register_act(
    "guardian.birth_date_alarm", _("Beaucoup de dates fausses dans un établissement : DANE prévenue")
)
KIND_ALARM = "guardians.birth_date_alarm"  # to the DANE: somebody guesses at a school
A_SCHOOL = 20  # wrong dates a day


class WrongDate(Exception):
    """The birth date is not what the school declared; nobody is told more (SAFETY T12)."""


class Locked(Exception):
    """Too many wrong dates for this child: its school opens it again."""


@dataclass(frozen=True)
class Child:
    """A child as D7 shows it, to somebody whose name and number the school has."""

    student: Student
    schools: tuple[str, ...]  # « Collège Jules Verne (0501271K) »
    answer: str  # an :class:`Answer`, empty as long as there is none
    is_in_charge: bool = False  # no legal guardian by the school's record, but in charge of the child
    ties: tuple[GuardianTie, ...] = ()  # what the schools' records say, as :func:`ties_of` read them

    @property
    def name(self) -> str:
        """First name and name."""
        return str(self.student)


def ties_of(activation: Activation) -> list[GuardianTie]:
    """Return the ties that the school's records give now: one statement with all that the steps ask of them.

    Each with what was answered for its child on the way, and whether an account has it.
    """
    answered = ActivationAnswer.objects.filter(activation=activation.pk, student=OuterRef("student"))
    return list(
        GuardianTie.objects.filter(
            contact__in=activation.contacts, removed_at=None, responsibility__in=GIVES_ACCESS
        )
        .filter(student__in=Schooling.objects.with_access().values("student"))
        .annotate(
            answered=Subquery(answered.values("answer")[:1]),
            is_taken=Exists(Guardianship.objects.filter(tie=OuterRef("pk"))),
        )
        .select_related("student", "contact__school__academy")
        .order_by("student__birth_date", "student__first_name", "pk")
    )


def children(activation: Activation) -> list[Child]:
    """Return the children of the records that match, for who typed the right code; raises OutOfTime."""
    if activation.verified_at is None:
        raise OutOfTime
    ties: dict[Student, list[GuardianTie]] = {}
    for tie in ties_of(activation):
        ties.setdefault(tie.student, []).append(tie)
    return [
        Child(
            student,
            tuple(dict.fromkeys(f"{tie.contact.school.name} ({tie.contact.school.uai})" for tie in mine)),
            vars(mine[0])["answered"] or "",
            all(tie.responsibility != Responsibility.LEGAL for tie in mine),
            tuple(mine),
        )
        for student, mine in ties.items()
    ]


def answer_for(
    activation: Activation,
    student: Student,
    answer: Answer,
    birth_date: str = "",
    *,
    ties: Sequence[GuardianTie] | None = None,
) -> None:
    """Take a declaration for one child; « je suis le représentant légal » needs the right birth date.

    ``birth_date`` is « 2012-03-09 », with 00 where the school's papers have none. Counted, before it is
    judged, for the child, its school and this first sign-in, whoever tries (SAFETY G8). ``ties`` are the
    child's, where :func:`children` has just read them. Raises
    :class:`WrongDate`, :class:`Locked`, :class:`OutOfTime` and :class:`throttling.limits.Refused`.
    """
    mine = [tie for tie in (ties_of(activation) if ties is None else ties) if tie.student_id == student.pk]
    if activation.verified_at is None or activation.user_id is not None or not mine:
        raise OutOfTime
    if answer == Answer.GUARDIAN:
        _judge_date(activation, mine, birth_date)
    if answer == Answer.GUARDIAN:
        _keep(activation, student, answer)
        return
    with transaction.atomic():
        if _keep(activation, student, answer) != answer:
            for tie in mine:
                journal.record(
                    act=DENIED,
                    actor=tie.contact.subject,
                    subject=student.subject,
                    academy=tie.contact.school.academy.code,
                )
                _tell_school(activation, tie)


def _keep(activation: Activation, student: Student, answer: Answer) -> str:
    """Keep an answer, and give the first sign-in its time anew; return the answer that stood before."""
    with connection.cursor() as cursor:
        said = [activation.pk, student.pk]
        values: list[Any] = [*said, AT_HAND, activation.pk, *said, answer]
        cursor.execute(KEEP, values)
        before = cursor.fetchone()
    return before[0] or ""


KEEP = """
WITH before AS (
    SELECT answer FROM guardians_activationanswer WHERE activation_id = %s AND student_id = %s
), alive AS (
    UPDATE guardians_activation SET lives_until = statement_timestamp() + %s
     WHERE id = %s AND lives_until > statement_timestamp()
), said AS (
    INSERT INTO guardians_activationanswer (activation_id, student_id, answer) VALUES (%s, %s, %s)
    ON CONFLICT (activation_id, student_id) DO UPDATE SET answer = excluded.answer
)
SELECT (SELECT answer FROM before)
"""


def _tell_school(activation: Activation, tie: GuardianTie) -> None:
    """Open a request to the school whose record is wrong, once a child and first sign-in (SAFETY T14)."""
    student, school = tie.student, tie.contact.school
    requests.write(
        kind=SupportRequest.Kind.RECORD,
        reason=SupportRequest.Reason.NOT_GUARDIAN,
        asker=requests.Asker(
            first_name=activation.first_name,
            last_name=activation.last_name,
            mobile=activation.mobile,
            language=activation.language,
            user=activation.joins,
        ),
        place=requests.Place(school.academy, school),
        submission=uuid.uuid5(activation.public_id, f"{student.public_id} {school.uai}"),
        child=str(student),
        student=student,
        way_on="guardian_identity",
    )


def child_limit(student: int) -> limits.Limit:
    """Return how many wrong dates of one child a day takes, whoever tries."""
    return limits.Limit("guardians.birth_date_child", str(student), 5, DAY)


def school_limit(uai: str) -> limits.Limit:
    """Return how many wrong dates of all children of a school a day takes."""
    return limits.Limit("guardians.birth_date_school", uai, A_SCHOOL, DAY)


def closed_school(school: School) -> limits.Refused | None:
    """Return until when no date is judged at a school, after too many wrong ones today; else ``None``."""
    return limits.closed(school_limit(school.uai))


def alarm_limit(uai: str) -> limits.Limit:
    """Return how often a day the DANE is told of guesses at a school."""
    return limits.Limit("guardians.birth_date_alarm", uai, 1, DAY)


def _judge_date(activation: Activation, mine: list[GuardianTie], birth_date: str) -> None:
    student = mine[0].student
    schools = {school_limit(tie.contact.school.uai): tie.contact.school for tie in mine}
    of_child = child_limit(student.pk)
    try:
        counted = limits.hit(
            limits.Limit("guardians.birth_date_activation", str(activation.public_id), 20, DAY),
            *schools,
            of_child,
        )
    except limits.Refused as refusal:
        if refusal.limit != of_child:  # while the school is closed, nothing is counted against the child
            limits.give_back(of_child)
        raise
    is_right = bool(student.birth_date) and student.birth_date == birth_date
    # Counted and judged by one statement: of many at once no more than ten have an effect.
    with connection.cursor() as cursor:
        cursor.execute(JUDGE, [student.pk, 0 if is_right else 1, is_right, IN_A_ROW])
        judged = cursor.fetchone()
    if judged is None:
        raise Locked
    if is_right:
        limits.give_back(*counted)
        return
    if judged[0] >= IN_A_ROW:
        journal.record(act=LOCKED, actor=activation.subject, subject=student.subject)
    for limit, school in schools.items():
        if counted[limit] >= A_SCHOOL:
            _alarm(school)
    raise WrongDate


JUDGE = """
INSERT INTO guardians_birthdatetries AS tries (student_id, wrong_in_a_row) VALUES (%s, %s)
ON CONFLICT (student_id) DO UPDATE SET wrong_in_a_row = CASE WHEN %s THEN 0 ELSE tries.wrong_in_a_row + 1 END
 WHERE tries.wrong_in_a_row < %s
RETURNING wrong_in_a_row
"""


def _alarm(school: School) -> None:
    """Tell the DANE that dates are being guessed at a school: once a day (SAFETY G8)."""
    try:
        limits.hit(alarm_limit(school.uai))
    except limits.Refused:
        return
    with transaction.atomic():
        journal.record(act=ALARMED, actor="system", subject=school.subject, academy=school.academy.code)
        for address in answerers.dane_of(school.academy):
            outbox.post(
                kind=KIND_ALARM, reference=str(school.public_id), to=address, academy=school.academy.code
            )
