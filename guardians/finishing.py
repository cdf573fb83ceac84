"""The end of a first sign-in: the account, its identifier, and who is told (SCREENS D8, D9, SAFETY T11)."""

from __future__ import annotations

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.backends import forget_guesses
from accounts.models import SignInName, User
from audit import journal
from economy import clock
from economy.together import Batch
from notifications import outbox
from schools.models import GuardianContact, GuardianTie
from support import requests

from . import children_accounts, identifiers, mobiles
from .activation import HasAccount, OutOfTime, forget_of
from .declaring import children
from .models import (
    AT_HAND,
    GIVES_ACCESS,
    Activation,
    Answer,
    ContactAccount,
    FranceConnectAccount,
    Guardianship,
)

KIND_MADE = "guardians.account_made"  # to where the school knows the person: it was you?
KIND_AGAIN = (
    "guardians.access_found_again"  # to the same, and to the account's own: another password was chosen
)
KIND_JOINED = "guardians.child_added"  # to the same: children were added to an account with a school's code
KIND_ANOTHER = "guardians.another_guardian"  # to the child's other guardians: somebody was tied to the child

MADE = journal.register_act("guardian.account_made", _("Compte de responsable légal créé"))
AGAIN = journal.register_act("guardian.access_found_again", _("Accès de responsable légal retrouvé"))
TIED = journal.register_act("guardian.tied", _("Responsable légal rattaché à un élève"))


class ChildrenMissing(Exception):
    """A child has no answer yet, or none was tied to the account."""


class Suspended(Exception):
    """The account was suspended by staff: another password does not open it."""


class TwoAccounts(Exception):
    """The school's records that match belong to two accounts: a person has to look."""


def finish(activation: Activation, password: str) -> User:
    """Make the account: identifier p.nomXX, and a guardianship for each tie of each child confirmed.

    Who has an account already finds it again: it gets the new password, and the children it lacked. Sent
    twice, it gives what the first time gave (SAFETY F14). The child's other guardians and the address that
    the school has are told (SAFETY T11). Raises :class:`OutOfTime`, :class:`ChildrenMissing`,
    :class:`TwoAccounts`, :class:`Suspended`, and :class:`HasAccount` for who came by FranceConnect, or with a
    code of one school to an account that also has children of another.
    """
    hashed = make_password(password)  # before any row is locked
    with transaction.atomic():
        locked = _lock(activation)
        if locked.joins_id is not None:
            raise OutOfTime
        if locked.user_id is not None:
            return User.objects.get(pk=locked.user_id)
        contacts = _lock_contacts(locked)
        ties = _confirmed(locked)
        owners = User.objects.filter(contact_accounts__contact__in=contacts).distinct()[:2]
        if len(owners) > 1:
            raise TwoAccounts
        if locked.sub and FranceConnectAccount.objects.filter(issuer=locked.issuer, sub=locked.sub).exists():
            raise HasAccount  # joined to an account in another tab since
        if owners and locked.sub:
            raise HasAccount
        if owners and locked.came_by_school_code and _reaches_further(owners[0], contacts):
            raise HasAccount(owners[0])
        if owners:
            user = owners[0]
            if not user.is_active:
                raise Suspended
            User.objects.filter(pk=user.pk).update(password=hashed)
            user.password = hashed
            journal.record(act=AGAIN, actor=user.subject, subject=user.subject, fields=["password"])
            tied = _tie_to(user, contacts, ties)
            forget_of(user)
        else:
            user, tied = _make(locked, hashed, contacts, ties)
        numbers = [mobiles.of(user)] if owners and mobiles.is_own(user) else []
        _tell_owner(
            user,
            contacts,
            KIND_AGAIN if owners else KIND_MADE,
            numbers=numbers,
            address=None if owners else "",
            by_code=locked.came_by_school_code,
        )
        _share(tied, ties)
        requests.are_of(user, locked.first_name, locked.last_name, mobile=locked.mobile)
        if locked.sub:
            FranceConnectAccount.objects.create(issuer=locked.issuer, sub=locked.sub, user=user)
        Activation.objects.filter(pk=locked.pk).update(user=user, lives_until=Now() + AT_HAND)
    if owners:
        forget_guesses(user)
    return user


def join(activation: Activation, user: User) -> None:
    """Add the children of a school's code to the account of who is signed in; the password stays.

    Raises :class:`OutOfTime`, :class:`ChildrenMissing`, and :class:`TwoAccounts` where the record is another
    account's.
    """
    with transaction.atomic():
        locked = _lock(activation)
        if locked.joins_id != user.pk:
            raise OutOfTime
        contacts = _lock_contacts(locked)
        ties = _confirmed(locked)
        if ContactAccount.objects.filter(contact__in=contacts).exclude(user=user).exists():
            raise TwoAccounts
        tied = _tie_to(user, contacts, ties)
        numbers = [mobiles.of(user)] if mobiles.is_own(user) else []
        _tell_owner(user, contacts, KIND_JOINED, numbers=numbers, address=None, by_code=True)
        _share(tied, ties)
        locked.delete()


def _lock(activation: Activation) -> Activation:
    """Return the row of a first sign-in, for the only one who ends it now.

    The row alone: of what is joined to it, who has waited for the lock would see what was there before.
    """
    locked = (
        Activation.objects.alive()
        .select_for_update()
        .filter(pk=activation.pk, verified_at__isnull=False)
        .first()
    )
    if locked is None:
        raise OutOfTime
    return locked


def _confirmed(locked: Activation) -> list[GuardianTie]:
    """Return the ties of the children who were confirmed, once each child has an answer."""
    known = children(locked)
    confirmed = [tie for child in known if child.answer == Answer.GUARDIAN for tie in child.ties]
    if not confirmed or any(not child.answer for child in known):
        raise ChildrenMissing
    return confirmed


def _lock_contacts(locked: Activation) -> list[GuardianContact]:
    """Return the school's records; two browsers that do the same with one wait for each other here."""
    return list(GuardianContact.objects.select_for_update().filter(pk__in=locked.contacts).order_by("pk"))


def _reaches_further(owner: User, contacts: list[GuardianContact]) -> bool:
    """Say whether an account has children of other schools: none gives a new password to it (SAFETY T50)."""
    schools = {contact.school_id for contact in contacts}
    return owner.contact_accounts.exclude(contact__school__in=schools).exists()


def _tell_owner(
    user: User,
    contacts: list[GuardianContact],
    kind: str,
    *,
    numbers: list[str],
    address: str | None,
    by_code: bool,
) -> None:
    """Ask wherever the person is known whether it was them (SAFETY T11), each place once.

    ``numbers`` and ``address`` are the account's own; ``None`` is an address that has to be looked for. An
    SMS with a code is a word to the school's number by itself; a code that the school gave by hand is none,
    so that number is written to as well.
    """
    if by_code:
        numbers = numbers + [contact.mobile for contact in contacts]
    mobiles.tell(
        user,
        kind=kind,
        reference=str(user.public_id),
        numbers=numbers,
        mails=[contact.email for contact in contacts],
        address=address,
    )


def _make(
    locked: Activation, hashed: str, contacts: list[GuardianContact], ties: list[GuardianTie]
) -> tuple[User, list[Guardianship]]:
    """Make an account with its identifier, its records and its children: one statement a name tried."""
    for name in identifiers.candidates(locked.first_name, locked.last_name):
        user = User(
            first_name=locked.first_name,
            last_name=locked.last_name,
            language=locked.language,
            password=hashed,
            last_login=clock.now(),  # whoever makes it is signed in
        )
        user.has_second_factor = False
        batch = Batch()
        batch.insert(user)
        batch.insert(SignInName(authority=identifiers.EDUCONNECT, name=name, user=user))
        batch.insert(journal.line(act=MADE, actor=user.subject, subject=user.subject))
        for contact in contacts:
            batch.insert(ContactAccount(contact=contact, user=user))
        tied = _insert_guardianships(batch, user, ties)
        try:
            with transaction.atomic():
                batch.run()
        except IntegrityError:  # the identifier is somebody's: the records are locked, and free
            continue
        return user, tied
    raise RuntimeError("no identifier is free for this name")


def _tie_to(user: User, contacts: list[GuardianContact], ties: list[GuardianTie]) -> list[Guardianship]:
    """Give an account that was there the records and the children it lacked; return what is new."""
    ContactAccount.objects.bulk_create(
        [ContactAccount(contact=contact, user=user) for contact in contacts], ignore_conflicts=True
    )
    batch = Batch()
    tied = _insert_guardianships(batch, user, ties)
    if tied:
        batch.run()
    return tied


def _insert_guardianships(batch: Batch, user: User, ties: list[GuardianTie]) -> list[Guardianship]:
    """Add what is new to a batch, with its line in the journal; the records are locked meanwhile."""
    new = [Guardianship(user=user, tie=tie) for tie in ties if not vars(tie)["is_taken"]]
    for each in new:
        batch.insert(each)
        student, school = each.tie.student, each.tie.contact.school
        batch.insert(
            journal.line(act=TIED, actor=user.subject, subject=student.subject, academy=school.academy.code)
        )
    return new


def _share(tied: list[Guardianship], ties: list[GuardianTie]) -> None:
    """Tell the other guardians of a child, and let who came hold an account that guardians may hold.

    Also where nothing was new: an account that nobody held meanwhile is theirs again.
    """
    for each in tied:
        _tell_others(each, each.tie)
    for student in {tie.student_id: tie.student for tie in ties}.values():
        children_accounts.share_of(student)


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
    forget_of(user)
