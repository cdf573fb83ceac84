"""What staff do for people: each with a reason, in the journal, and told to the person by letter.

For staff with the power, within their académies. Whoever has a role themselves is helped by a national
admin only, and nobody acts on their own account here (SAFETY T35, T50): a DANE admin can never take
over the account of somebody with more rights.
"""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils.translation import gettext_lazy as _

from audit import journal
from schools.letters import revoking
from schools.models import StaffMember
from throttling import limits

from . import correspondence, custody, merging, open_sessions, recovery, registration, second_factor
from .models import Power, ProviderIdentity, Registration, User
from .openid import parting

KIND_CONFIRMED = "accounts.confirmed_by_staff"
KIND_SESSIONS_ENDED = "accounts.sessions_ended"
KIND_FACTOR_REMOVED = "accounts.second_factor_removed_by_staff"
KIND_SUSPENDED = "accounts.suspended"
KIND_RESTORED = "accounts.restored"
KIND_ATTACHED = "accounts.attached"
KIND_DETACHED = "accounts.detached"

LETTER_RESENT = journal.register_act("registration.resent", _("Courriel d’inscription renvoyé"))
CONFIRMED_BY_STAFF = journal.register_act("account.confirmed_by_staff", _("Inscription confirmée à la main"))
SESSIONS_ENDED = journal.register_act("account.sessions_ended", _("Sessions fermées"))
PASSWORD_TAKEN = journal.register_act("password.taken_away", _("Nouveau mot de passe exigé"))
FACTOR_REMOVED = journal.register_act("second_factor.removed_by_staff", _("Second facteur retiré"))
SUSPENDED = journal.register_act("account.suspended", _("Compte suspendu"))
RESTORED = journal.register_act("account.restored", _("Compte rétabli"))
ATTACHED = journal.register_act("account.attached", _("Compte rattaché à une fiche de personnel"))
DETACHED = journal.register_act("account.detached", _("Compte détaché de sa fiche de personnel"))

PERSON_READ = journal.register_act("account.read_by_staff", _("Fiche d’une personne consultée"))
SIGN_UP_READ = journal.register_act("registration.read_by_staff", _("Inscription en attente consultée"))


class NotAllowed(Exception):
    """This person may not do this to that one, or not there."""


class NoSuchMember(Exception):
    """No school of theirs declares such a member of its staff."""


class AttachedAlready(Exception):
    """Another account is this member of the staff."""


class NoAddress(Exception):
    """There is nowhere to write to."""


class HoldersWithoutAddress(NoAddress):
    """Who holds this child's account has no address; they give a new password from their own account."""


class NobodyHolds(NoAddress):
    """This is a child's account, and nobody holds it now: a legal guardian has to come first."""


def may_help(by: User, person: User, power: Power = Power.MEND_PEOPLE) -> bool:
    """Say whether ``by`` may act on the account of ``person``, wherever they belong."""
    if by.pk == person.pk or not by.scope(power):
        return False
    return not person.staff_roles.exists() or bool(by.scope(Power.GIVE_ROLES))


# --- sign-ups that wait ---------------------------------------------------------------------------


def resend(sign_up: Registration, *, by: User, reason: str) -> None:
    """Send the letter of a sign-up again, within what its mailbox may receive (SAFETY T28).

    Raises :class:`NotAllowed` and what :func:`registration.write_again` does.
    """
    _check_sign_up(sign_up, by, Power.RESEND)
    registration.may_write_again(sign_up)
    limits.hit(*registration.letter_limits(sign_up.address))
    with transaction.atomic():
        registration.replace_letter(sign_up)
        _note_sign_up(LETTER_RESENT, sign_up, by, reason)


def correct_address(sign_up: Registration, address: str, *, by: User, reason: str) -> None:
    """Give a sign-up the address that was meant; the letter goes there, and the first link is dead.

    The first address is told nothing: it is most likely a stranger's.

    Raises :class:`NotAllowed`, :class:`throttling.limits.Refused`, :class:`registration.AlreadyConfirmed`
    and :class:`registration.Gone`.
    """
    _check_sign_up(sign_up, by, Power.MEND_PEOPLE)
    limits.hit(*registration.letter_limits(address))
    registration.move(sign_up, address, actor=by.subject, reason=reason, academy=sign_up.academy_code)


def confirm_by_hand(sign_up: Registration, *, by: User, reason: str) -> User:
    """Make the person without their click, for whom no mail reaches; the letter says who did it.

    For a minor the reason says how the guardian agreed: the agreement is kept as theirs (SCREENS A8).

    Raises :class:`NotAllowed`, :class:`registration.AlreadyConfirmed` and
    :class:`registration.AddressTaken`.
    """
    _check_sign_up(sign_up, by, Power.MEND_PEOPLE)
    with transaction.atomic():
        person = registration.confirm(sign_up, by_guardian=sign_up.needs_guardian, actor=by.subject)
        _note(CONFIRMED_BY_STAFF, person, by, reason)
        _tell(KIND_CONFIRMED, person)
    return person


# --- people ---------------------------------------------------------------------------------------


def end_sessions(person: User, *, by: User, reason: str) -> None:
    """End every session of a person. Raises :class:`NotAllowed`."""
    _check(person, by, Power.MEND_PEOPLE)
    with transaction.atomic():
        _end_sessions(person)
        _note(SESSIONS_ENDED, person, by, reason)
        _tell(KIND_SESSIONS_ENDED, person)


def require_new_password(person: User, *, by: User, reason: str) -> None:
    """Take the password away, end the sessions, and write a letter to choose another one.

    Raises :class:`NotAllowed`, :class:`NoAddress` (of a child's account, one that says who could help) and
    :class:`throttling.limits.Refused`.
    """
    _check(person, by, Power.MEND_PEOPLE)
    readers = correspondence.readers_of(person)
    if not readers and person.held_by_guardians:
        raise HoldersWithoutAddress if custody.is_held(person) else NobodyHolds
    if not readers:
        raise NoAddress
    limits.hit(*(limit for reader in readers for limit in registration.letter_limits(reader.address)))
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=person.pk)
        recovery.make_choose(locked, readers=readers, academy=person.academy_code)
        _note(PASSWORD_TAKEN, person, by, reason, fields=["password"])


def remove_second_factor(person: User, *, by: User, reason: str) -> None:
    """Take every second factor off an account whose owner lost them all: national admins only.

    Raises :class:`NotAllowed`.
    """
    _check(person, by, Power.GIVE_ROLES)
    with transaction.atomic():
        second_factor.remove_all(person)
        _end_sessions(person)
        _note(FACTOR_REMOVED, person, by, reason, fields=["second_factor"])
        _tell(KIND_FACTOR_REMOVED, person)


def part_from_providers(person: User, *, by: User, reason: str) -> None:
    """Take every identity of a provider off an account: that of somebody else, or one that was replaced.

    All its sessions end. Whoever comes by a provider later is looked for anew. Twice is once. Raises
    :class:`NotAllowed`.
    """
    _check(person, by, Power.MEND_PEOPLE)
    with transaction.atomic():
        if ProviderIdentity.objects.filter(user=person).delete()[0]:
            _end_sessions(person)
            _note(parting.PARTED, person, by, reason)
            _tell(parting.KIND_PARTED, person)


def suspend(person: User, *, by: User, reason: str) -> None:
    """Shut an account until it is restored; nothing is erased. Twice is once. Raises :class:`NotAllowed`."""
    _check(person, by, Power.MEND_PEOPLE)
    with transaction.atomic():
        if User.objects.filter(pk=person.pk, is_active=True).update(is_active=False):
            _end_sessions(person)
            _note(SUSPENDED, person, by, reason, fields=["is_active"])
            _tell(KIND_SUSPENDED, person)


def restore(person: User, *, by: User, reason: str) -> None:
    """Open a suspended account again. Twice is once. Raises :class:`NotAllowed`.

    One that its owner put into another is opened by them alone, by undoing that.
    """
    _check(person, by, Power.MEND_PEOPLE)
    if merging.is_closed_by_one(person):
        raise NotAllowed
    with transaction.atomic():
        if User.objects.filter(pk=person.pk, is_active=False).update(is_active=True):
            _note(RESTORED, person, by, reason, fields=["is_active"])
            _tell(KIND_RESTORED, person)


def attach(person: User, *, uai: str, identifier: str, by: User, reason: str) -> None:
    """Say that a person is a member of a school's staff, found by academic identifier or address.

    A head may then hand over the files of their own school. Who decides has the power over both: the person
    and the school (SAFETY T37, T50). A letter that lies about for that member opens nothing any more. Raises
    :class:`NotAllowed`, :class:`NoSuchMember` and :class:`AttachedAlready`.
    """
    _check(person, by, Power.MEND_PEOPLE)
    typed = identifier.strip().lower()
    schools = StaffMember.objects.open_to(by.scope(Power.IMPORT_ROSTERS))
    found = schools.filter(school__uai=uai.strip().upper(), gone_at=None)
    member = found.filter(email=typed).first() if "@" in typed else found.filter(identifier=typed).first()
    if not typed or member is None:
        raise NoSuchMember
    try:
        with transaction.atomic():
            User.objects.filter(pk=person.pk).update(staff_member=member)
            revoking.outgrow(member, by=by.subject)
            _note(ATTACHED, person, by, reason, fields=["staff_member"])
            _tell(KIND_ATTACHED, person)
    except IntegrityError as error:
        raise AttachedAlready from error


def detach(person: User, *, by: User, reason: str) -> None:
    """Say that a person is not that member of a school's staff. Twice is once. Raises :class:`NotAllowed`."""
    _check(person, by, Power.MEND_PEOPLE)
    with transaction.atomic():
        if User.objects.filter(pk=person.pk, staff_member__isnull=False).update(staff_member=None):
            _note(DETACHED, person, by, reason, fields=["staff_member"])
            _tell(KIND_DETACHED, person)


# --- who looked (SAFETY T53) ----------------------------------------------------------------------


def note_reading(person: User, *, by: User) -> None:
    """Note in the journal that staff opened somebody's page."""
    _note(PERSON_READ, person, by, "")


def note_reading_of_sign_up(sign_up: Registration, *, by: User) -> None:
    """Note in the journal that staff opened the page of a sign-up."""
    _note_sign_up(SIGN_UP_READ, sign_up, by, "")


def _check(person: User, by: User, power: Power) -> None:
    if not may_help(by, person, power) or not User.objects.open_to(by, power).filter(pk=person.pk).exists():
        raise NotAllowed


def _check_sign_up(sign_up: Registration, by: User, power: Power) -> None:
    if not Registration.objects.open_to(by, power).filter(pk=sign_up.pk).exists():
        raise NotAllowed


def _end_sessions(person: User) -> None:
    User.objects.filter(pk=person.pk).update(session_epoch=F("session_epoch") + 1)
    open_sessions.close_all(person)


def _note(act: str, person: User, by: User, reason: str, *, fields: list[str] | None = None) -> None:
    journal.record(
        act=act,
        actor=by.subject,
        subject=person.subject,
        fields=fields or [],
        reason=reason,
        academy=person.academy_code,
    )


def _note_sign_up(act: str, sign_up: Registration, by: User, reason: str) -> None:
    journal.record(
        act=act,
        actor=by.subject,
        subject=f"registration:{sign_up.public_id}",
        reason=reason,
        academy=sign_up.academy_code,
    )


def _tell(kind: str, person: User) -> None:
    """Write to the person, or to who holds their account, what was done; nothing where nobody reads."""
    correspondence.post(kind, person, academy=person.academy_code)
