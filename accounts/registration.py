"""The sign-up to « Ma classe à la maison »: from the form to a person (SCREENS A3 to A8).

:func:`register` writes one row and one letter, the same for an address that already has an account:
who is registered shows only in the mailbox (SAFETY G1, G2). :func:`confirm` makes the person. A user
exists only once their address is confirmed.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import islice
from random import SystemRandom

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import check_password, make_password
from django.db import DatabaseError, IntegrityError, models, transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit import journal
from economy.compiled import Compiled
from economy.together import Batch
from notifications import outbox
from schools.school_year import SchoolYear
from throttling import limits

from . import addresses, links, usernames
from .models import (
    MCM,
    Enrolment,
    PolicyAcceptance,
    Registration,
    SignInName,
    User,
    random_secret,
)

KIND = "accounts.registration"  # the letter that asks to confirm
KIND_NEW_PASSWORD = "accounts.registration_password"  # the letter that lets choose another password  # noqa: S105
LIVES = timedelta(days=7)  # SAFETY T55
PAUSE = timedelta(minutes=1)  # between two letters of one sign-up

ACCOUNT_CONFIRMED = journal.register_act("account.confirmed", _("Compte confirmé"))
REGISTRATION_DISOWNED = journal.register_act(
    "registration.disowned", _("Inscription refusée par le titulaire de l’adresse")
)
ADDRESS_CORRECTED = journal.register_act("registration.corrected", _("Adresse d’une inscription corrigée"))


class NameTaken(Exception):
    """The user name belongs to somebody else, or to a sign-up that waits."""


class Gone(Exception):
    """The sign-up was deleted meanwhile: disowned, purged, or a rival was confirmed."""


class TooSoon(Exception):
    """The last letter is younger than :data:`PAUSE`."""


class AddressTaken(Exception):
    """Another account confirmed this address meanwhile."""


class AlreadyConfirmed(Exception):
    """The sign-up is confirmed, or gone: there is nothing left to do."""


@dataclass(frozen=True, kw_only=True)
class SignUp:
    """What the form gathered, clean (``forms.RegistrationForm``)."""

    submission: uuid.UUID
    level: str
    username: str
    password: str
    first_name: str
    last_name: str
    academy_id: int | None
    department_id: int | None
    country: str
    profile: str
    age_group: str
    address: str
    terms_id: int
    terms_accepted_at: datetime
    language: str = "fr"


def letter_limits(address: str) -> tuple[limits.Limit, ...]:
    """Return how often the portal may write to a mailbox nobody confirmed (SAFETY T28)."""
    mailbox = addresses.mailbox_key(address)
    return (
        limits.Limit("letters.hour", mailbox, 3, timedelta(hours=1)),
        limits.Limit("letters.day", mailbox, 10, timedelta(days=1)),
    )


def sign_up_limits(*, device: str, client: str) -> tuple[limits.Limit, ...]:
    """Return how many user names a browser may try, and how many sign-ups a network (SAFETY T4).

    The network's number is high: a whole school signs up behind one address (SAFETY G15).
    """
    return (
        limits.Limit("names.device", device, 10, timedelta(hours=1)),
        limits.Limit("names.network", client, 600, timedelta(hours=1)),
    )


def register(sign_up: SignUp, *, device: str, client: str, browser: str) -> Registration:
    """Write one sign-up and its letter.

    ``device`` and ``client`` are what limits count, ``browser`` what the row keeps of the device.
    The same form sent twice gives the first answer (SAFETY F14).

    Raises :class:`throttling.limits.Refused` and :class:`NameTaken`.
    """
    letters = letter_limits(sign_up.address)
    try:
        limits.hit(*sign_up_limits(device=device, client=client), *letters)
    except limits.Refused as refusal:
        if refusal.limit not in letters:  # no letter leaves: its mailbox must not pay for it
            limits.give_back(*letters)
        if (same := _same(sign_up, browser)) is not None:
            return same
        raise
    registration = Registration(
        submission=sign_up.submission,
        level=sign_up.level,
        first_name=sign_up.first_name,
        last_name=sign_up.last_name,
        academy_id=sign_up.academy_id,
        department_id=sign_up.department_id,
        country=sign_up.country,
        profile=sign_up.profile,
        age_group=sign_up.age_group,
        address=sign_up.address,
        password=make_password(sign_up.password),
        terms_id=sign_up.terms_id,
        terms_accepted_at=sign_up.terms_accepted_at,
        language=sign_up.language,
        browser=browser,
    )
    # The sign-up, the name it reserves and its letter: all or nothing, by one statement.
    batch = Batch()
    batch.insert(registration)
    batch.insert(SignInName(authority=MCM, name=sign_up.username, registration=registration))
    try:
        with transaction.atomic():
            _write_letter(registration, batch=batch)
            batch.run()
    except IntegrityError as error:
        limits.give_back(*letters)
        if (same := _same(sign_up, browser)) is not None:
            return same
        if Registration.objects.filter(submission=sign_up.submission).exists():
            # The form of one child, taken back and filled in for another: a sign-up of its own.
            again = replace(sign_up, submission=uuid.uuid4())
            return register(again, device=device, client=client, browser=browser)
        raise NameTaken from error
    except DatabaseError:
        # PostgreSQL is away, or a lock was not to be had: no letter leaves, and whoever comes back with
        # the same form has all their letters.
        with suppress(DatabaseError):
            limits.give_back(*letters)
        raise
    return registration


def _same(sign_up: SignUp, browser: str) -> Registration | None:
    """Return the sign-up that this very form made before, in this browser."""
    return Registration.objects.filter(
        submission=sign_up.submission,
        browser=browser,
        address=sign_up.address,
        sign_in_name__name=sign_up.username,
    ).first()


def suggest_names(first_name: str, last_name: str, *, most: int = 3) -> list[str]:
    """Return user names that are free now, made of the person's names (SCREENS A4)."""
    candidates = list(islice(usernames.suggestions(first_name, last_name, random=SystemRandom()), 12))
    taken = set(SignInName.objects.filter(authority=MCM, name__in=candidates).values_list("name", flat=True))
    return [name for name in candidates if name not in taken][:most]


def write_again(registration: Registration) -> None:
    """Send the letter once more: at most one a minute, then the mailbox's caps.

    Raises :class:`throttling.limits.Refused`, :class:`TooSoon`, :class:`AlreadyConfirmed` and :class:`Gone`.
    """
    may_write_again(registration)
    limits.hit(*letter_limits(registration.address))
    replace_letter(registration)


def may_write_again(registration: Registration) -> None:
    """Raise :class:`TooSoon` within a minute of the last letter: it may still be on its way."""
    last = outbox.latest(kind=KIND, reference=str(registration.public_id))
    if last is not None and last.read_at is not None and last.created_at + PAUSE > last.read_at:
        raise TooSoon


@transaction.atomic
def replace_letter(registration: Registration) -> None:
    """Put the letter in the outbox anew; whoever calls has counted it (:func:`letter_limits`).

    It holds the same link, unless that one had expired: an old letter does not come back to life.

    Raises :class:`AlreadyConfirmed` and :class:`Gone`.
    """
    locked = _lock(registration)
    if link_expired(locked):
        locked.link_secret = random_secret()
        locked.save(update_fields=["link_secret"])
    outbox.withdraw(kind=KIND, reference=str(locked.public_id))
    _write_letter(locked)


def correct_address(registration: Registration, address: str, *, device: str) -> None:
    """Send the letter to another address; the link that went to the first one is dead.

    Raises :class:`throttling.limits.Refused`, :class:`AlreadyConfirmed` and :class:`Gone`.
    """
    limits.hit(limits.Limit("corrections.device", device, 10, timedelta(hours=1)), *letter_limits(address))
    move(registration, address, actor="stranger")


@transaction.atomic
def move(
    registration: Registration, address: str, *, actor: str, reason: str = "", academy: str = ""
) -> None:
    """Give a sign-up another address and write there; whoever calls has counted the letter.

    Raises :class:`AlreadyConfirmed` and :class:`Gone`.
    """
    locked = _lock(registration)
    locked.address = address
    locked.link_secret = random_secret()
    locked.save(update_fields=["address", "link_secret"])
    for kind in (KIND, KIND_NEW_PASSWORD):
        outbox.withdraw(kind=kind, reference=str(locked.public_id))
    _write_letter(locked)
    journal.record(
        act=ADDRESS_CORRECTED,
        actor=actor,
        subject=f"registration:{locked.public_id}",
        fields=["address"],
        reason=reason,
        academy=academy,
    )


def _lock(registration: Registration) -> Registration:
    """Return the row as it is now, held until the end of the transaction."""
    locked = Registration.objects.select_for_update().filter(pk=registration.pk).first()
    if locked is None:
        raise Gone
    if locked.confirmed_at is not None:
        raise AlreadyConfirmed
    return locked


def write_for_a_new_password(registration: Registration) -> None:
    """Send a fresh letter to who forgot the password before confirming, or never chose it (SAFETY T24).

    Raises :class:`throttling.limits.Refused`, :class:`AlreadyConfirmed` and :class:`Gone`.
    """
    limits.hit(*letter_limits(registration.address))
    with transaction.atomic():
        locked = _lock(registration)
        if link_expired(locked, KIND_NEW_PASSWORD):
            locked.link_secret = random_secret()
            locked.save(update_fields=["link_secret"])
        outbox.withdraw(kind=KIND_NEW_PASSWORD, reference=str(locked.public_id))
        outbox.post(
            kind=KIND_NEW_PASSWORD,
            reference=str(locked.public_id),
            to=locked.address,
            language=locked.language,
            academy=locked.academy_code,
        )


def by_link(token: str, purpose: str = KIND) -> Registration | None:
    """Return the sign-up that a mail's link opens, ``None`` if the link is no good. Changes nothing."""
    public_id = links.public_id(token)
    if public_id is None:
        return None
    registration = with_letter(public_id, purpose)
    if registration is None or not links.opens(token, purpose, registration):
        return None
    return registration


def with_letter(public_id: uuid.UUID, purpose: str = KIND) -> Registration | None:
    """Return a sign-up with the name it reserves and where its last letter stands: one statement."""
    rows = _sign_up_with_letter.rows(public_id, purpose)
    if not rows:
        return None
    said, name_key, name, *values = rows[0]
    registration = Registration.from_db("default", SIGN_UP, values)
    if name_key is not None:
        SignInName(pk=name_key, authority=MCM, name=name, registration=registration)  # and back
    registration.letter = outbox.read(json.loads(said) if isinstance(said, str) else said)
    registration.letter_kind = purpose
    return registration


SIGN_UP = [field.attname for field in Registration._meta.concrete_fields]
_sign_up_with_letter = Compiled(
    lambda public_id, purpose: (
        Registration.objects.filter(public_id=public_id)
        .annotate(letter_said=outbox.letter_about(purpose, models.OuterRef("public_id")))
        .values_list("letter_said", "sign_in_name__pk", "sign_in_name__name", *SIGN_UP)
    ),
    uuid.UUID(int=1),  # two marks: no sign-up and no kind of letter is called so
    "\x01purpose",
)


def link_expired(registration: Registration, purpose: str = KIND) -> bool:
    """Say whether the link's 72 hours are over."""
    if registration.letter_kind == purpose:
        return links.is_old(registration.letter)
    return links.expired(purpose, str(registration.public_id))


def password_is_right(registration: Registration, password: str) -> bool:
    """Check the password chosen at sign-up, elsewhere than in the browser that signed up (SAFETY T24).

    Raises :class:`throttling.limits.Refused` after 25 tries in a day.
    """
    limits.hit(limits.Limit("confirm.password", str(registration.public_id), 25, timedelta(days=1)))
    return check_password(password, registration.password)


def confirm(
    registration: Registration, *, by_guardian: bool = False, password: str | None = None, actor: str = ""
) -> User:
    """Make the person: user, name, verified address, school year, acceptance. Rivals are dropped.

    ``password`` (in clear) replaces the one chosen at sign-up. ``actor`` is who confirmed, if not the
    person. A second call raises
    :class:`AlreadyConfirmed`; an address that another account confirmed first, :class:`AddressTaken`.
    """
    encoded = make_password(password) if password is not None else registration.password
    user = User(
        first_name=registration.first_name,
        last_name=registration.last_name,
        password=encoded,
        language=registration.language,
        academy_id=registration.academy_id,  # what the database would write a second time from the enrolment
        last_login=timezone.now(),  # whoever confirms is signed in
    )
    user.has_second_factor = False
    batch = Batch()
    # All sign-ups of the address, in one order: rivals that confirm at the same moment wait here, and
    # not in the middle, for each other. What follows is written only if this one still waits, as it was
    # read: whoever came second finds it confirmed.
    batch.part("rival", LOCK_RIVALS, [registration.address])
    batch.part(
        "mine",
        "SELECT id FROM rival WHERE id = %s AND link_secret = %s",
        [registration.pk, registration.link_secret],
    )
    for row in _rows_of(user, registration, by_guardian=by_guardian, actor=actor):
        batch.insert(row, where="EXISTS (SELECT FROM mine)")
    batch.part("named", GIVE_NAME.format(user=batch.key_of(user)))
    # The hash lives in one place only; the row stays a week so that the link still answers kindly.
    batch.part("confirmed", CONFIRM.format(user=batch.key_of(user)))
    batch.part("beaten", BEATEN)
    batch.part("freed", "DELETE FROM accounts_signinname WHERE registration_id IN (SELECT id FROM beaten)")
    batch.part("gone", "DELETE FROM accounts_registration WHERE id IN (SELECT id FROM beaten)")
    try:
        with transaction.atomic():
            if not batch.run():
                raise AlreadyConfirmed
    except IntegrityError as error:
        raise AddressTaken from error
    return user


LOCK_RIVALS = """
SELECT id, link_secret FROM accounts_registration
 WHERE address = %s AND confirmed_at IS NULL ORDER BY id FOR UPDATE
"""
BEATEN = "SELECT id FROM rival WHERE EXISTS (SELECT FROM mine) AND id NOT IN (SELECT id FROM mine)"
GIVE_NAME = """
UPDATE accounts_signinname SET user_id = {user}, registration_id = NULL
 WHERE registration_id IN (SELECT id FROM mine)
"""
CONFIRM = """
UPDATE accounts_registration SET confirmed_at = statement_timestamp(), user_id = {user}, password = ''
 WHERE id IN (SELECT id FROM mine)
"""


def _rows_of(
    user: User, registration: Registration, *, by_guardian: bool, actor: str
) -> Iterator[models.Model]:
    """Give what makes a person: who they are, their address, school year, consent, and the journal's line."""
    yield user
    yield EmailAddress(user=user, email=registration.address, verified=True, primary=True)
    yield Enrolment(
        user=user,
        level=registration.level,
        profile=registration.profile,
        academy_id=registration.academy_id,
        department_id=registration.department_id,
        country=registration.country,
        school_year=SchoolYear.current().year,
    )
    yield PolicyAcceptance(
        user=user,
        document_id=registration.terms_id,
        accepted_at=registration.terms_accepted_at,
        by_guardian=by_guardian,
    )
    yield journal.line(act=ACCOUNT_CONFIRMED, actor=actor or user.subject, subject=user.subject)


def disown(registration: Registration) -> None:
    """« Ce n’est pas moi »: forget the sign-up and free its name; twice is once.

    Raises :class:`AlreadyConfirmed`: a confirmed one stays.
    """
    with transaction.atomic():
        try:
            # Before its name, which goes with it: in the order of :func:`confirm`.
            _lock(registration).delete()
        except Gone:
            return
        for kind in (KIND, KIND_NEW_PASSWORD):
            outbox.forget(kind=kind, reference=str(registration.public_id))
        journal.record(
            act=REGISTRATION_DISOWNED, actor="stranger", subject=f"registration:{registration.public_id}"
        )


def purge(now: datetime) -> int:
    """Delete sign-ups a week after they were made, or confirmed. Returns how many.

    One that somebody confirms at this very moment is left to the next time.
    """
    old = Registration.objects.filter(
        Q(confirmed_at=None, created_at__lt=now - LIVES) | Q(confirmed_at__lt=now - LIVES)
    ).order_by("pk")
    deleted = 0
    while True:
        with transaction.atomic():
            batch = list(old.select_for_update(skip_locked=True).values_list("pk", flat=True)[:500])
            if not batch:
                return deleted
            Registration.objects.filter(pk__in=batch).delete()
        deleted += len(batch)


def _write_letter(registration: Registration, *, batch: Batch | None = None) -> None:
    outbox.post(
        kind=KIND,
        reference=str(registration.public_id),
        to=registration.address,
        language=registration.language,
        academy=registration.academy_code,
        batch=batch,
    )
