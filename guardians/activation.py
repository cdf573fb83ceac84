"""A guardian's first sign-in, step by step: name and number, code, children, password (SCREENS D5 to D9).

Every step is one row's (:class:`~guardians.models.Activation`): left half-way, it goes on where it was, in
the same browser, for thirty minutes. Nothing here tells a stranger whom a school knows (SAFETY G1, T6).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.backends import forget_guesses
from accounts.models import SignInName, User
from audit import journal
from economy.together import Batch
from notifications import outbox
from schools.models import GuardianContact, GuardianTie, Responsibility, Schooling, Student
from schools.person_names import comparison_key
from throttling import limits

from . import codes, identifiers, matching
from .franceconnect.identity import Identity
from .models import (
    AT_HAND,
    GIVES_ACCESS,
    GUESSES,
    IN_A_ROW,
    Activation,
    ActivationAnswer,
    Answer,
    BirthDateTries,
    ContactAccount,
    FranceConnectAccount,
    Guardianship,
)

KIND_CODE = "guardians.code"  # the SMS
KIND_MADE = "guardians.account_made"  # to the address that the school has: it was you?
KIND_AGAIN = "guardians.access_found_again"  # to the same: another password was chosen
KIND_ANOTHER = "guardians.another_guardian"  # to the child's other guardians: somebody was tied to the child
LENGTH_OF_A_COOLDOWN = timedelta(seconds=60)
DAY, TEN_MINUTES, HOUR = timedelta(days=1), timedelta(minutes=10), timedelta(hours=1)

MADE = journal.register_act("guardian.account_made", _("Compte de responsable légal créé"))
AGAIN = journal.register_act("guardian.access_found_again", _("Accès de responsable légal retrouvé par SMS"))
TIED = journal.register_act("guardian.tied", _("Responsable légal rattaché à un élève"))
DENIED = journal.register_act(
    "guardian.denied", _("Une personne déclare qu’elle n’est pas responsable légale de l’élève")
)
LOCKED = journal.register_act(
    "guardian.birth_date_locked", _("Rattachement d’un élève bloqué après des dates fausses")
)


class OutOfTime(Exception):
    """The step came too late, in another browser, or after an account was made: begin anew."""


class WrongDate(Exception):
    """The birth date is not what the school declared; nobody is told more (SAFETY T12)."""


class Locked(Exception):
    """Too many wrong dates for this child: its school opens it again."""


class ChildrenMissing(Exception):
    """A child has no answer yet, or none was tied to the account."""


class Nobody(Exception):
    """No school's record is this person's, or two people could be meant; nobody is told more (SAFETY T13)."""


class HasAccount(Exception):
    """One of the records has an account: whoever comes another way signs in to it first (SAFETY T42)."""


class Suspended(Exception):
    """The account was suspended by staff: another password does not open it."""


class TwoAccounts(Exception):
    """The school's records that match belong to two accounts: a person has to look."""


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


# --- who one is ---------------------------------------------------------------------------------


def asking_limits(first_name: str, last_name: str, mobile: str) -> tuple[limits.Limit, ...]:
    """Return how often a code may be asked for with one name and number, known or not (SAFETY T7, T8).

    Whoever has the number and not the name uses up nothing of its owner's.
    """
    asked = f"{mobile} {comparison_key(last_name)} {comparison_key(first_name)}"
    return (
        limits.Limit("guardians.sms_cooldown", asked, 1, LENGTH_OF_A_COOLDOWN),
        limits.Limit("guardians.sms_asked", asked, 3, TEN_MINUTES),
        limits.Limit("guardians.sms_asked", asked, 5, DAY),
    )


def sending_limit(mobile: str) -> limits.Limit:
    """Return how many codes a number gets in a day, under whatever name: judged when one is sent."""
    return limits.Limit("guardians.sms_number", mobile, 10, DAY)


def start(
    *, first_name: str, last_name: str, mobile: str, browser: str, client: str, language: str
) -> Activation:
    """Begin a first sign-in, and have a code sent to a number that a school's record has with this name.

    ``mobile`` is E.164, ``browser`` the hash of the browser's number, ``client`` its network. What went
    before in this browser is given up. The same statements and the same answer for everybody. Raises
    :class:`throttling.limits.Refused`.
    """
    limits.hit(
        *asking_limits(first_name, last_name, mobile),
        limits.Limit("guardians.sms_device", browser, 10, DAY),
        limits.Limit("guardians.sms_network", client, 300, HOUR),
    )
    known = matching.contacts_known_by(first_name, last_name, mobile)
    activation = Activation(
        browser=browser,
        language=language,
        first_name=first_name,
        last_name=last_name,
        mobile=mobile,
        contacts=[contact.pk for contact in known],
    )
    with transaction.atomic():
        give_up(browser)
        batch = Batch()
        batch.insert(activation)
        _post_code(activation, batch)
        batch.run()
    return activation


def start_with_identity(
    who: Identity, child_born: str, *, browser: str, client: str, language: str
) -> Activation:
    """Begin a first sign-in with what FranceConnect proved, and the birth date of one child (SCREENS D3).

    ``child_born`` is « 2012-03-09 », with 00 where the papers have none. Counted before it is judged. Raises
    :class:`Nobody`, :class:`HasAccount` and :class:`throttling.limits.Refused`.
    """
    limits.hit(
        limits.Limit("guardians.identity_person", f"{who.issuer} {who.sub}", 5, DAY),
        limits.Limit("guardians.identity_device", browser, 10, DAY),
        limits.Limit("guardians.sms_network", client, 300, HOUR),
    )
    known = matching.contacts_of_identity(
        family_name=who.family_name,
        usage_name=who.preferred_username,
        given_names=who.given_names,
        child_born=child_born,
    )
    if not known:
        raise Nobody
    if ContactAccount.objects.filter(contact__in=known).exists():
        raise HasAccount
    given = who.given_names.replace(",", " ").split()[0]
    with transaction.atomic():
        give_up(browser)
        return Activation.objects.create(
            browser=browser,
            language=language,
            first_name=given[:100],
            last_name=(who.preferred_username or who.family_name)[:100],
            issuer=who.issuer,
            sub=who.sub,
            contacts=[contact.pk for contact in known],
            verified_at=Now(),
        )


def account_of(who: Identity) -> User | None:
    """Return the account that somebody comes to by FranceConnect, by issuer and ``sub`` alone."""
    return User.objects.filter(
        franceconnect_accounts__issuer=who.issuer, franceconnect_accounts__sub=who.sub, is_active=True
    ).first()


def give_up(browser: str) -> None:
    """Forget a first sign-in of this browser that made no account."""
    Activation.objects.filter(browser=browser, user=None).delete()


def _post_code(activation: Activation, batch: Batch) -> None:
    """Put the SMS in the outbox; for nobody's number the row is written as well, with nowhere to go.

    The worker closes it as without purpose: the pages cost the same for everybody (SAFETY G2).
    """
    outbox.post(
        kind=KIND_CODE,
        reference=f"{activation.public_id}.{activation.code_number}",
        to=activation.mobile if activation.contacts else "",
        channel=outbox.Channel.SMS,
        language=activation.language,
        batch=batch,
    )


def send_again(activation: Activation) -> None:
    """« Renvoyer le SMS »: another code; the one before is dead.

    Raises :class:`throttling.limits.Refused` and :class:`OutOfTime`.
    """
    limits.hit(
        *asking_limits(activation.first_name, activation.last_name, activation.mobile),
        limits.Limit("guardians.sms_device", activation.browser, 10, DAY),
    )
    with transaction.atomic():
        changed = (
            Activation.objects.alive()
            .filter(pk=activation.pk, verified_at=None)
            .update(code_number=F("code_number") + 1, guesses=0, lives_until=Now() + AT_HAND)
        )
        if not changed:
            raise OutOfTime
        activation.refresh_from_db()
        batch = Batch()
        _post_code(activation, batch)
        batch.run()


def of_browser(browser: str) -> Activation | None:
    """Return the first sign-in that is under way in this browser, if its time is not over."""
    if not browser:
        return None
    return Activation.objects.alive().filter(browser=browser).order_by("-pk").first()


def verify_code(activation: Activation, typed: str) -> bool:
    """Judge a code: at most five are, also of a hundred that arrive together (SAFETY G7).

    Each counts before it is judged, in one statement whose condition only five can meet. What is no
    code of six digits does not count. Raises :class:`OutOfTime` once none is judged any more.
    """
    if not codes.read(typed):
        return False
    counted = (
        Activation.objects.alive()
        .filter(pk=activation.pk, verified_at=None, code_number=activation.code_number, guesses__lt=GUESSES)
        .update(guesses=F("guesses") + 1)
    )
    if not counted:
        raise OutOfTime
    if not activation.contacts or not codes.is_right(activation, typed):
        return False
    verified = Activation.objects.filter(
        pk=activation.pk, verified_at=None, code_number=activation.code_number
    ).update(verified_at=Now(), lives_until=Now() + AT_HAND)
    if not verified:
        raise OutOfTime
    activation.refresh_from_db()
    return True


# --- the children -------------------------------------------------------------------------------


def _ties(activation: Activation) -> list[GuardianTie]:
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
    for tie in _ties(activation):
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
    mine = [tie for tie in _ties(activation) if tie.student_id == student.pk]
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


def _judge_date(activation: Activation, mine: list[GuardianTie], birth_date: str) -> None:
    student = mine[0].student
    schools = sorted({tie.contact.school.uai for tie in mine})
    counted = limits.hit(
        limits.Limit("guardians.birth_date_child", str(student.pk), 5, DAY),
        limits.Limit("guardians.birth_date_activation", str(activation.public_id), 20, DAY),
        *(limits.Limit("guardians.birth_date_school", uai, 20, DAY) for uai in schools),
    )
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
    raise WrongDate


# --- the account --------------------------------------------------------------------------------


def finish(activation: Activation, password: str) -> User:
    """Make the account: identifier p.nomXX, and a guardianship for each tie of each child confirmed.

    Who has an account already finds it again: it gets the new password, and the children it lacked. Sent
    twice, it gives what the first time gave (SAFETY F14). The child's other guardians and the address that
    the school has are told (SAFETY T11). Raises :class:`OutOfTime`, :class:`ChildrenMissing`,
    :class:`TwoAccounts`, :class:`Suspended`, and :class:`HasAccount` for who came by FranceConnect.
    """
    hashed = make_password(password)  # before any row is locked
    with transaction.atomic():
        locked = (
            Activation.objects.alive()
            .select_for_update(of=("self",))
            .select_related("user")
            .filter(pk=activation.pk, verified_at__isnull=False)
            .first()
        )
        if locked is None:
            raise OutOfTime
        if locked.user is not None:
            return locked.user
        known = children(locked)
        confirmed = {child.student.pk for child in known if child.answer == Answer.GUARDIAN}
        if not confirmed or any(not child.answer for child in known):
            raise ChildrenMissing
        # Two browsers that do the same with one record wait for each other here.
        contacts = list(
            GuardianContact.objects.select_for_update().filter(pk__in=locked.contacts).order_by("pk")
        )
        owners = User.objects.filter(contact_accounts__contact__in=contacts).distinct()[:2]
        if len(owners) > 1:
            raise TwoAccounts
        if owners and locked.sub:
            raise HasAccount
        if owners:
            user = owners[0]
            if not user.is_active:
                raise Suspended
            User.objects.filter(pk=user.pk).update(password=hashed)
            user.password = hashed
            journal.record(act=AGAIN, actor=user.subject, subject=user.subject, fields=["password"])
        else:
            user = User(first_name=locked.first_name, last_name=locked.last_name, language=locked.language)
            user.password = hashed
            user.save(force_insert=True)
            _give_identifier(user)
            journal.record(act=MADE, actor=user.subject, subject=user.subject)
        for contact in contacts:
            ContactAccount.objects.get_or_create(contact=contact, defaults={"user": user})
            if contact.email:
                kind = KIND_AGAIN if owners else KIND_MADE
                outbox.post(
                    kind=kind, reference=str(user.public_id), to=contact.email, language=user.language
                )
        for tie in _ties(locked):
            if tie.student_id in confirmed:
                _tie(user, tie)
        if locked.sub:
            FranceConnectAccount.objects.create(issuer=locked.issuer, sub=locked.sub, user=user)
        Activation.objects.filter(user=user).delete()
        Activation.objects.filter(pk=locked.pk).update(user=user, lives_until=Now() + AT_HAND)
    if owners:
        forget_guesses(user)
    return user


def _tie(user: User, tie: GuardianTie) -> None:
    guardianship, is_new = Guardianship.objects.get_or_create(tie=tie, defaults={"user": user})
    if not is_new:
        return
    journal.record(
        act=TIED, actor=user.subject, subject=tie.student.subject, academy=tie.contact.school.academy.code
    )
    _tell_others(guardianship, tie)


def _give_identifier(user: User) -> None:
    for name in identifiers.candidates(user.first_name, user.last_name):
        try:
            with transaction.atomic():
                SignInName.objects.create(authority=identifiers.EDUCONNECT, name=name, user=user)
        except IntegrityError:
            continue
        return
    raise RuntimeError("no identifier is free for this name")


def _tell_others(guardianship: Guardianship, tie: GuardianTie) -> None:
    """Write to the child's other guardians, who learn the child's first name and nothing else."""
    others = (
        GuardianTie.objects.filter(student=tie.student, removed_at=None, responsibility__in=GIVES_ACCESS)
        .exclude(contact__account__user=guardianship.user)
        .exclude(contact=tie.contact)
        .select_related("contact")
        .order_by("pk")
    )
    told: set[str] = set()
    for other in others:
        contact = other.contact
        to, channel = (
            (contact.email, outbox.Channel.MAIL) if contact.email else (contact.mobile, outbox.Channel.SMS)
        )
        if to and to not in told:
            told.add(to)
            outbox.post(kind=KIND_ANOTHER, reference=str(guardianship.public_id), to=to, channel=channel)


def identifier_of(user: User) -> str:
    """Return the identifier of a guardian's account; empty for who has none."""
    return (
        user.sign_in_names.filter(authority=identifiers.EDUCONNECT).values_list("name", flat=True).first()
        or ""
    )


def acknowledge(user: User) -> None:
    """« J’ai noté mon identifiant »: it is not shown again; what was typed on the way is forgotten."""
    Activation.objects.filter(user=user).delete()


def purge() -> int:
    """Forget first sign-ins whose time is over, and the trace of those that made an account a week ago."""
    over = Activation.objects.filter(lives_until__lte=Now() - timedelta(minutes=5), user=None)
    read = Activation.objects.filter(lives_until__lte=Now() - timedelta(days=7))
    return over.delete()[0] + read.delete()[0]
