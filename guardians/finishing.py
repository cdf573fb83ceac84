"""The end of a first sign-in: the account, its identifier, and who is told (SCREENS D8, D9, SAFETY T11)."""

from __future__ import annotations

from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.backends import forget_guesses
from accounts.models import SignInName, User
from audit import journal
from notifications import outbox
from schools.models import GuardianContact, GuardianTie
from support import requests

from . import children_accounts, identifiers, mobiles
from .activation import HasAccount, OutOfTime
from .declaring import children, ties_of
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
        if locked.user is not None:
            return locked.user
        confirmed = _confirmed(locked)
        contacts = _lock_contacts(locked)
        owners = User.objects.filter(contact_accounts__contact__in=contacts).distinct()[:2]
        if len(owners) > 1:
            raise TwoAccounts
        if locked.sub and FranceConnectAccount.objects.filter(issuer=locked.issuer, sub=locked.sub).exists():
            raise HasAccount  # joined to an account in another tab since
        if owners and locked.sub:
            raise HasAccount
        if owners and locked.pairing_id and _reaches_further(owners[0], contacts):
            raise HasAccount(owners[0])
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
        _tell_owner(
            user, contacts, KIND_AGAIN if owners else KIND_MADE, by_code=locked.pairing_id is not None
        )
        _tie_all(user, locked, confirmed)
        requests.are_of(user, locked.first_name, locked.last_name, mobile=locked.mobile)
        if locked.sub:
            FranceConnectAccount.objects.create(issuer=locked.issuer, sub=locked.sub, user=user)
        Activation.objects.filter(user=user).delete()
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
        confirmed = _confirmed(locked)
        contacts = _lock_contacts(locked)
        if ContactAccount.objects.filter(contact__in=contacts).exclude(user=user).exists():
            raise TwoAccounts
        for contact in contacts:
            ContactAccount.objects.get_or_create(contact=contact, defaults={"user": user})
        _tell_owner(user, contacts, KIND_JOINED, by_code=True)
        _tie_all(user, locked, confirmed)
        locked.delete()


def _lock(activation: Activation) -> Activation:
    """Return the row of a first sign-in, for the only one who ends it now."""
    locked = (
        Activation.objects.alive()
        .select_for_update(of=("self",))
        .select_related("user")
        .filter(pk=activation.pk, verified_at__isnull=False)
        .first()
    )
    if locked is None:
        raise OutOfTime
    return locked


def _confirmed(locked: Activation) -> set[int]:
    """Return the children who were confirmed, once each has an answer."""
    known = children(locked)
    confirmed = {child.student.pk for child in known if child.answer == Answer.GUARDIAN}
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


def _tell_owner(user: User, contacts: list[GuardianContact], kind: str, *, by_code: bool) -> None:
    """Ask wherever the person is known whether it was them (SAFETY T11), each place once.

    An SMS with a code is a word to the school's number by itself; a code that the school gave by hand is
    none, so that number is written to as well.
    """
    numbers = [mobiles.of(user)] if mobiles.is_own(user) else []
    if by_code:
        numbers += [contact.mobile for contact in contacts]
    mobiles.tell(
        user,
        kind=kind,
        reference=str(user.public_id),
        numbers=numbers,
        mails=[contact.email for contact in contacts],
    )


def _tie_all(user: User, locked: Activation, confirmed: set[int]) -> None:
    for tie in ties_of(locked):
        if tie.student_id in confirmed:
            _tie(user, tie)


def _tie(user: User, tie: GuardianTie) -> None:
    guardianship, is_new = Guardianship.objects.get_or_create(tie=tie, defaults={"user": user})
    if not is_new:
        children_accounts.share_of(tie.student)  # an account that nobody held meanwhile is theirs again
        return
    journal.record(
        act=TIED, actor=user.subject, subject=tie.student.subject, academy=tie.contact.school.academy.code
    )
    _tell_others(guardianship, tie)
    children_accounts.share_of(tie.student)


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
