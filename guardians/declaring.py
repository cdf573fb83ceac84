"""The children of a first sign-in: a declaration and a birth date for each (SCREENS D7, SAFETY G8)."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit import journal
from notifications import outbox
from schools.models import GuardianTie, Responsibility, School, Schooling, Student
from support import answerers, requests
from support.models import SupportRequest
from throttling import limits

from .activation import DAY, OutOfTime
from .models import AT_HAND, GIVES_ACCESS, IN_A_ROW, Activation, ActivationAnswer, Answer, BirthDateTries

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

    @property
    def name(self) -> str:
        """First name and name."""
        return str(self.student)


def ties_of(activation: Activation) -> list[GuardianTie]:
    """Return the ties that the school's records give now."""
    return list(
        GuardianTie.objects.filter(
            contact__in=activation.contacts, removed_at=None, responsibility__in=GIVES_ACCESS
        )
        .filter(student__in=Schooling.objects.with_access().values("student"))
        .select_related("student", "contact__school__academy")
        .order_by("student__birth_date", "student__first_name", "pk")
    )


def children(activation: Activation) -> list[Child]:
    """Return the children of the records that match, for who typed the right code; raises OutOfTime."""
    if activation.verified_at is None:
        raise OutOfTime
    answers = dict(activation.answers.values_list("student", "answer"))
    schools: dict[Student, list[str]] = {}
    legal = set()
    for tie in ties_of(activation):
        school = tie.contact.school
        schools.setdefault(tie.student, []).append(f"{school.name} ({school.uai})")
        if tie.responsibility == Responsibility.LEGAL:
            legal.add(tie.student)
    return [
        Child(student, tuple(dict.fromkeys(names)), answers.get(student.pk, ""), student not in legal)
        for student, names in schools.items()
    ]


def answer_for(activation: Activation, student: Student, answer: Answer, birth_date: str = "") -> None:
    """Take a declaration for one child; « je suis le représentant légal » needs the right birth date.

    ``birth_date`` is « 2012-03-09 », with 00 where the school's papers have none. Counted, before it is
    judged, for the child, its school and this first sign-in, whoever tries (SAFETY G8). Raises
    :class:`WrongDate`, :class:`Locked`, :class:`OutOfTime` and :class:`throttling.limits.Refused`.
    """
    mine = [tie for tie in ties_of(activation) if tie.student_id == student.pk]
    if activation.verified_at is None or activation.user_id is not None or not mine:
        raise OutOfTime
    if answer == Answer.GUARDIAN:
        _judge_date(activation, mine, birth_date)
    with transaction.atomic():
        Activation.objects.alive().filter(pk=activation.pk).update(lives_until=Now() + AT_HAND)
        before = activation.answers.filter(student=student).values_list("answer", flat=True).first()
        ActivationAnswer.objects.update_or_create(
            activation=activation, student=student, defaults={"answer": answer}
        )
        if answer == Answer.NOT_GUARDIAN != before:
            for tie in mine:
                journal.record(
                    act=DENIED,
                    actor=tie.contact.subject,
                    subject=student.subject,
                    academy=tie.contact.school.academy.code,
                )
                _tell_school(activation, tie)


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
    counted = limits.hit(
        limits.Limit("guardians.birth_date_activation", str(activation.public_id), 20, DAY), *schools
    )
    # After the school's: while that is closed, nothing is counted against the child.
    counted |= limits.hit(child_limit(student.pk))
    tries, _made = BirthDateTries.objects.get_or_create(student=student)
    # In one statement, before anything is judged: of many at once no more than ten are.
    if not BirthDateTries.objects.filter(pk=tries.pk, wrong_in_a_row__lt=IN_A_ROW).update(
        wrong_in_a_row=F("wrong_in_a_row") + 1
    ):
        raise Locked
    if student.birth_date and student.birth_date == birth_date:
        limits.give_back(*counted)
        BirthDateTries.objects.filter(pk=tries.pk).update(wrong_in_a_row=0)
        return
    if tries.wrong_in_a_row + 1 >= IN_A_ROW:
        journal.record(act=LOCKED, actor=activation.subject, subject=student.subject)
    for limit, school in schools.items():
        if counted[limit] >= A_SCHOOL:
            _alarm(school)
    raise WrongDate


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
