"""The accounts that guardians make and hold for children who have no address (DESIGN 3, SAFETY 0.1 point 6).

They are accounts of « Ma classe à la maison »: a name at its door, a school year by the child's schools, and
a password that somebody of seven can type. Every legal guardian with an account holds it, whoever made it;
none learns of another's address, phone or account.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from secrets import SystemRandom

from django.contrib.auth.hashers import make_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts import correspondence, custody, enrolment, personal_data, usernames
from accounts.ages import DIGITAL_MAJORITY, MAJORITY, has_reached
from accounts.models import MCM, PUPILS, Custody, Level, PolicyDocument, Power, Profile, SignInName, User
from accounts.models.policies import RULES
from accounts.passwords import MCM as POLICY
from accounts.passwords import PasswordContext
from audit import journal
from notifications import outbox
from schools import reference
from schools.models import GuardianContact, GuardianTie, School, Student
from schools.school_year import today
from throttling import limits

from .models import Guardianship

KIND_MADE = "guardians.child_account"  # to a legal guardian who did not make it
KIND_CLOSED = "guardians.child_account_closed"  # to the other holders

MADE = journal.register_act("child_account.made", _("Compte créé pour un enfant par un responsable légal"))
CLOSED = journal.register_act("child_account.closed", _("Compte d’enfant fermé par un responsable légal"))

# What a child accepts, and below 15 its guardian for it (SCREENS A3).
TEXTS = (PolicyDocument.Kind.TERMS, PolicyDocument.Kind.CHARTER_PUPILS)
LEVELS = {School.Kind.ECOLE: Level.ECOLE, School.Kind.LYCEE: Level.LYCEE}
CONSONANTS, VOWELS = "bcdfgjklmnprstvz", "aeiou"
_random = SystemRandom()


ENTRUSTED = journal.register_act("custody.entrusted", _("Compte d’enfant confié à ses responsables légaux"))


class OfAge(Exception):
    """From 15 on a child's account is not closed over its head; nor is one that the school opened."""


class OtherTexts(Exception):
    """What was shown is not what is in force now: it is shown anew before anybody agrees to it."""


class NotEntrusted(Exception):
    """No account of a child is there to be held, or this person may not hold it by the school's record."""


@dataclass
class Child:
    """A child as its legal guardian sees it here."""

    student: Student
    schools: list[School] = field(default_factory=list)
    account: User | None = None
    custody: Custody | None = None
    names: list[str] = field(default_factory=list)  # to sign in with, of an account that is held
    is_open: bool = True  # the académie of one of its schools opened this service

    @property
    def may_get_one(self) -> bool:
        """Whether an account can be made: there is none, and the child is not 18."""
        return self.account is None and self.is_open and not self.is_of_age(MAJORITY)

    @property
    def may_be_taken(self) -> bool:
        """Whether there is an account that its guardians may hold, and this one does not yet."""
        return self.account is not None and self.account.held_by_guardians and self.custody is None

    @property
    def may_be_closed(self) -> bool:
        """Whether its holders may close the account by themselves: not one that the school opened."""
        return not self.is_of_age(DIGITAL_MAJORITY) and not self.is_of_the_ent

    @property
    def is_of_the_ent(self) -> bool:
        """Whether the account is known at the pupils' door of the ENT."""
        return self.account is not None and is_of_the_ent(self.account)

    @property
    def owes_consent(self) -> list[PolicyDocument]:
        """The texts in force that a holder accepts for this child, below 15, in the language of the page."""
        if self.account is None or self.custody is None or self.is_of_age(DIGITAL_MAJORITY):
            return []
        if all(each.authority == PUPILS for each in self.account.sign_in_names.all()):
            return []  # of the ENT alone: the child's charter is all there is
        return texts_owed(self.account, get_language() or RULES)

    def is_of_age(self, age: int) -> bool:
        """Whether the child surely has this age."""
        return has_reached(self.student.birth_date, age, today())


@dataclass(frozen=True)
class Made:
    """An account that was just made, with the password that nobody will see again."""

    name: str
    sign_in_name: str
    password: str


def children_of(guardian: User) -> list[Child]:
    """Return the children whom somebody may consent for, by the schools' records as they are now."""
    ties = (
        Guardianship.objects.consenting()
        .filter(user=guardian)
        .select_related("tie__student", "tie__contact__school__academy")
        .order_by("tie__student__birth_date", "tie__student__first_name", "pk")
    )
    children: dict[int, Child] = {}
    for each in ties:
        child = children.setdefault(each.tie.student_id, Child(each.tie.student))
        child.schools.append(each.tie.contact.school)
    opened = {row.code for row in reference.academies_with_departments() if row.is_open}
    held = {row.child_id: row for row in custody.held_by(guardian)}
    for account in _accounts_of(children):
        assert account.student is not None  # by the query
        child = children[account.student.merged_into_id or account.student.pk]
        child.account, child.custody = account, held.get(account.pk)
        if child.custody is not None:
            child.names = [each.name for each in account.sign_in_names.all()]
    for child in children.values():
        child.is_open = any(school.academy.code in opened for school in child.schools)
    return list(children.values())


def _accounts_of(students: Iterable[int]) -> QuerySet[User]:
    """Return the accounts of children, also of a record that was merged into theirs."""
    keys = list(students)
    return (
        User.objects.found_by(Q(student__in=keys), Q(student__merged_into__in=keys))
        .select_related("student")
        .prefetch_related("sign_in_names")
        .order_by("pk")
    )


def texts_shown(language: str) -> list[PolicyDocument]:
    """Return the texts that a guardian reads and accepts for a child, in the language of the page."""
    return [text for kind in TEXTS for text in PolicyDocument.objects.in_force(kind, language)]


def texts_owed(account: User, language: str) -> list[PolicyDocument]:
    """Return the texts in force that were not accepted for a child yet."""
    return [text for kind in TEXTS for text in PolicyDocument.objects.to_accept(kind, account, language)]


def texts_accepted(shown: Collection[str], kinds: Collection[str] = TEXTS) -> list[PolicyDocument]:
    """Return the texts of a form, named by the keys that the page carried: in the language that was read.

    Raises :class:`OtherTexts` unless each kind is there, in a version in force.
    """
    found = []
    for kind in kinds:
        in_force = list(PolicyDocument.objects.texts_in_force(kind))
        read = [text for text in in_force if str(text.pk) in shown]
        if in_force and not read:
            raise OtherTexts
        found += read[:1]
    return found


def make(guardian: User, wanted: Collection[str], *, texts: Collection[PolicyDocument]) -> list[Made]:
    """Make accounts for children without one, named by their public ids: brothers, sisters, twins in one go.

    The guardian accepts ``texts`` (:func:`texts_accepted`) for a child below 15, and the ledger says so. A
    child who has an account by now is left out: sent twice, the form makes one. The other legal guardians
    hold the accounts too, and are told. Raises :class:`throttling.limits.Refused`.
    """
    limits.hit(limits.Limit("guardians.child_accounts", guardian.subject, 20, timedelta(days=1)))
    chosen = [
        (child, new_password(child.student))
        for child in children_of(guardian)
        if child.may_get_one and str(child.student.public_id) in wanted
    ]
    hashed = {password: make_password(password) for _child, password in chosen}  # before any row is locked
    made = []
    for child, password in chosen:
        try:
            with transaction.atomic():
                made.append(_make(guardian, child, password, hashed[password], texts))
        except IntegrityError:  # the other guardian, or another tab, made it at this moment
            continue
    return made


def _make(
    guardian: User, child: Child, password: str, hashed: str, texts: Collection[PolicyDocument]
) -> Made:
    student = child.student
    account = User(
        first_name=student.first_name,
        last_name=student.usage_name or student.family_name,
        language=guardian.language,
        password=hashed,
        student=student,
        held_by_guardians=True,
    )
    account.save(force_insert=True)
    name = _give_name(account)
    for school in child.schools:
        enrolment.enrol(
            account,
            level=LEVELS.get(School.Kind(school.kind), Level.COLLEGE),
            profile=Profile.STUDENT,
            academy_id=school.academy_id,
            department_id=school.department_id,
            country="",
        )
    custody.hold(account, guardian)
    if not child.is_of_age(DIGITAL_MAJORITY):
        accept_for(account, texts, by=guardian)
    else:
        custody.needs_no_word_of_fifteen(account)
    journal.record(
        act=MADE,
        actor=guardian.subject,
        subject=account.subject,
        academy=child.schools[0].academy.code,
    )
    share(account)
    return Made(account.full_name, name, password)


def accept_for(account: User, texts: Collection[PolicyDocument], *, by: User) -> None:
    """Keep that a holder accepted texts on a child's behalf: those that were shown, in their language."""
    with transaction.atomic():
        for text in texts:
            enrolment.accept(account, text, by=by)


def _give_name(account: User) -> str:
    for name in usernames.suggestions(account.first_name, account.last_name, random=_random):
        try:
            with transaction.atomic():
                SignInName.objects.create(authority=MCM, name=name, user=account)
        except IntegrityError:
            continue
        return name
    raise RuntimeError("no user name is free for this child")


def new_password(student: Student) -> str:
    """Draw a password that can be read aloud and typed by a child: « Bafolu-Nimeta-47 », 44 bits."""
    context = PasswordContext(names=(student.first_name, student.family_name), username="", address="")
    while True:
        words = "-".join(
            "".join(_random.choice(CONSONANTS) + _random.choice(VOWELS) for _n in range(3)).capitalize()
            for _word in range(2)
        )
        password = f"{words}-{_random.randrange(100):02}"
        try:
            POLICY.validate(password, context)
        except ValidationError:  # one in some thousands is too near to a common one
            continue
        return password


def share(account: User) -> int:
    """Let every legal guardian who has an account hold a child's; each who did not before is told.

    Returns how many. Nothing happens for a pupil's own account of « Ma classe à la maison »; one that
    guardians made, or that a letter of the school opened, is held again by who comes, also after the last
    holder has gone.
    """
    student = account.student
    if student is None or not account.held_by_guardians:
        return 0
    if has_reached(student.birth_date, MAJORITY, today()):
        return 0
    guardians = User.objects.filter(
        is_active=True,
        guardianships__in=Guardianship.objects.consenting().filter(
            tie__student__in=[student.pk, student.merged_into_id or student.pk]
        ),
    )
    new = 0
    holding = Custody.objects.open().filter(child=account, holder=OuterRef("pk"))
    for guardian in guardians.filter(~Exists(holding)).order_by("pk").distinct():
        if custody.hold(account, guardian):
            new += 1
            if address := guardian.address():
                outbox.post(
                    kind=KIND_MADE,
                    reference=str(account.public_id),
                    to=address,
                    language=guardian.language,
                )
    return new


def is_of_the_ent(account: User) -> bool:
    """Say whether an account is known at the pupils' door, where the school lets a child in."""
    return any(each.authority == PUPILS for each in account.sign_in_names.all())


def share_of(student: Student) -> None:
    """Do so for the account of a child to whom a guardian was just tied, if it has one that is held."""
    for account in _accounts_of([student.pk]):
        share(account)


def share_all() -> int:
    """Do so for whoever became a legal guardian by the school's record alone; five hundred at a call."""
    shared = 0
    for ties in ("student__ties", "student__merged_into__ties"):  # a record may lead to the one that was kept
        late = (
            User.objects.filter(
                **{
                    "held_by_guardians": True,
                    f"{ties}__in": Guardianship.objects.consenting().values("tie"),
                    f"{ties}__guardianship__user__is_active": True,
                }
            )
            .annotate(guardian=F(f"{ties}__guardianship__user"))
            .filter(~Exists(Custody.objects.open().filter(child=OuterRef("pk"), holder=OuterRef("guardian"))))
            .select_related("student")
            .order_by("pk")
            .distinct()
        )
        shared += sum(share(account) for account in late[:500])
    return shared


def take(guardian: User, student: str) -> None:
    """Let a legal guardian hold the account of a child of theirs, named by its public id, from now on.

    What :func:`share_all` would do by the next morning. Raises :class:`NotEntrusted`.
    """
    child = next((each for each in children_of(guardian) if str(each.student.public_id) == student), None)
    if child is None or child.account is None or not child.account.held_by_guardians:
        raise NotEntrusted
    with transaction.atomic():
        share(child.account)


def account_held(student: Student) -> User | None:
    """Return the account that a child's guardians may hold, whether or not one does; else ``None``."""
    return next((each for each in _accounts_of([student.pk]) if each.held_by_guardians), None)


def entrust(tie: GuardianTie, *, by: User, reason: str) -> None:
    """Have the legal guardians of a child hold its account; one of them is named by a school's tie.

    For the DANE, of an account that nobody holds any more. It gives no right that the record does not: the
    person has an account and has proved to be this child's guardian. Raises :class:`NotEntrusted`.
    """
    mine = GuardianContact.objects.open_to(by.scope(Power.ANSWER_FAMILIES))
    holder = User.objects.filter(
        is_active=True, guardianships__in=Guardianship.objects.consenting().filter(tie=tie)
    ).first()
    account = account_held(tie.student)
    if holder is None or account is None or not mine.filter(pk=tie.contact_id).exists():
        raise NotEntrusted
    with transaction.atomic():
        share(account)
        if not Custody.objects.in_force().filter(child=account, holder=holder).exists():
            raise NotEntrusted  # the child is 18
        journal.record(
            act=ENTRUSTED,
            actor=by.subject,
            subject=account.subject,
            reason=reason,
            academy=tie.contact.school.academy.code,
        )


def close(held: Custody, *, by: User) -> None:
    """Erase a child's account, as the law lets anybody erase theirs; the other holders are told.

    Raises :class:`accounts.custody.NotHeld`, and :class:`OfAge` from 15 on.
    """
    with transaction.atomic():
        child = (
            User.objects.select_for_update(of=("self",)).select_related("student").filter(pk=held.child_id)
        )
        account = child.first()
        if account is None or not custody.held_by(by).filter(pk=held.pk).exists():
            raise custody.NotHeld
        if custody.is_of_age(account, DIGITAL_MAJORITY) or is_of_the_ent(account):
            raise OfAge
        assert account.student is not None  # or nobody would hold it
        for reader in correspondence.holders_of(account, but=by):
            outbox.post(
                kind=KIND_CLOSED,
                reference=str(account.student.public_id),  # the account will be gone
                to=reader.address,
                language=reader.language,
            )
        journal.record(act=CLOSED, actor=by.subject, subject=account.subject)
        personal_data.erase(account)
