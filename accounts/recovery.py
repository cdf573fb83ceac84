"""Getting back in: one question, one answer for everyone, one letter (SCREENS A2, SAFETY T5).

The letter holds what its reader needs: the user name, and a link to choose a new password; for a
sign-up that still waits, the link that confirms it; for an address that nobody confirmed, that.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX, check_password, make_password
from django.contrib.postgres.expressions import ArraySubquery
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import F, OuterRef, Subquery, Value
from django.db.models.functions import Concat, JSONObject, Now
from django.utils.translation import gettext_lazy as _

from audit import journal
from economy.together import Batch
from notifications import outbox
from throttling import limits

from . import (
    addresses,
    correspondence,
    custody,
    links,
    open_sessions,
    otp_keys,
    registration,
    sms_numbers,
)
from .ages import DIGITAL_MAJORITY
from .backends import forget_guesses
from .correspondence import Reader
from .models import (
    MCM,
    AddressChange,
    ContactPreferences,
    Custody,
    Notice,
    RecoveryRequest,
    Registration,
    SignInName,
    User,
)

KIND = "accounts.recovery"
KIND_CHANGED = "accounts.password_changed"
LIFETIME = timedelta(hours=24)
LIVES = timedelta(days=7)

PASSWORD_RESET = journal.register_act("password.reset", _("Mot de passe choisi de nouveau"))


class Outdated(Exception):
    """The link was used, or a newer one was asked for."""


def ask(
    typed: str, *, device: str, client: str, language: str, authority: str = MCM, by_sms: bool = False
) -> None:
    """Write the letter that gets its reader back in, if there is anybody to write to.

    ``authority`` is that of the door whose names are meant. ``by_sms`` prefers the confirmed number for SMS
    to the address; whichever there is serves.

    The same statements run for a known and an unknown name or address. What was typed is kept
    only as the recipient of the letter.

    Raises :class:`throttling.limits.Refused`, alike for everyone. What a mailbox has had too often
    through a user name is dropped without a word: a word would tell whose name it is.
    """
    typed = typed.strip()
    try:
        address = addresses.clean_address(typed) if "@" in typed else ""
    except ValidationError:
        address = ""
    name = typed.lower()
    nobody = f"{name}@name.invalid"
    asked = [limits.Limit("recovery.network", client, 600, timedelta(hours=1))]
    if device:
        asked.append(limits.Limit("recovery.device", device, 20, timedelta(hours=1)))
    limits.hit(*asked, *registration.letter_limits(address or nobody))
    user, waiting, readers, academy = _find(
        name=name, address=address, language=language, authority=authority, by_sms=by_sms
    )
    if not address:
        # Nobody's mailbox is counted as well, and a row written that goes nowhere: the same statements.
        room = _with_room([reader.address for reader in readers] or [f"nobody+{nobody}"])
        readers = [reader for reader in readers if reader.address in room] or [Reader("", language)]
    # One statement, however many read the letters of somebody (two parents of a child, for example).
    batch = Batch()
    with transaction.atomic():
        for reader in readers:
            request = RecoveryRequest(user=user, custody_id=reader.custody)
            batch.insert(request)
            # A sign-up has its own letter: its renderer knows when the address was corrected since.
            outbox.post(
                kind=KIND if waiting is None else registration.KIND,
                reference=str((waiting or request).public_id),
                to=reader.address,
                channel=outbox.Channel.SMS if reader.address.startswith("+") else outbox.Channel.MAIL,
                language=reader.language,
                academy=academy,
                batch=batch,
            )
        batch.run()


def _with_room(boxes: list[str]) -> list[str]:
    """Count a letter to each of these mailboxes, and return those that may receive one more."""
    # A telephone is counted as a mailbox is.
    asked = {
        box: registration.letter_limits(f"{box[1:]}@sms.invalid" if box.startswith("+") else box)
        for box in boxes
    }
    every = [limit for each in asked.values() for limit in each]
    try:
        limits.hit(*every)
    except limits.Refused:
        if len(boxes) == 1:
            return []
        limits.give_back(*every)  # a mailbox that is full does not silence the other holder's
        return [box for box in boxes if _with_room([box])]
    return boxes


def _find(
    *, name: str, address: str, language: str, authority: str, by_sms: bool
) -> tuple[User | None, Registration | None, list[Reader], str]:
    """Return whom we know, the sign-up that waits, to whom to write, and whose staff may see the letter.

    ``language`` is for who is nobody that we know. Somebody without an address is written to at their
    confirmed number, or at the addresses of who holds their account. The same queries run whether or not
    there is anybody.
    """
    if address:
        user = User.objects.with_address(address).annotate(code=F("academy__code")).first()
        waiting = (
            Registration.objects.waiting()
            .select_related("academy")
            .filter(address=address)
            .order_by("-id")
            .first()
        )
        if user is not None:
            return user, None, [Reader(address, user.language)], getattr(user, "code", None) or ""
        reader = Reader(address, waiting.language if waiting else language)
        return None, waiting, [reader], waiting.academy_code if waiting else ""
    row = (
        SignInName.objects.select_related("user", "registration__academy")
        .filter(authority=authority, name=name)
        .annotate(
            address=F("user__emailaddress__email"),
            number=_sms_number_of("user"),
            holders=_holders_of("user"),
            code=F("user__academy__code"),
        )
        .first()
    )
    if row is None:
        return None, None, [], ""
    if row.registration is not None:
        sign_up = row.registration
        return None, sign_up, [Reader(sign_up.address, sign_up.language)], sign_up.academy_code
    assert row.user is not None  # a name has one owner, by its constraint
    own = [way for way in (row.address, row.number) if way]
    if by_sms:
        own.reverse()
    readers = [Reader(own[0], row.user.language)] if own else [Reader(**said) for said in row.holders]
    return row.user, None, readers, row.code or ""


def _sms_number_of(person: str) -> Subquery:
    """Return somebody's confirmed number for SMS, within another query; none for who wants no SMS."""
    chosen = ContactPreferences.objects.filter(user=OuterRef(person), no_sms=False).exclude(sms_mobile="")
    return Subquery(chosen.values("sms_mobile")[:1])


def _holders_of(person: str) -> ArraySubquery:
    """Return the :class:`Reader` of each who holds somebody's account, within another query."""
    held = Custody.objects.in_force().filter(
        child=OuterRef(person), holder__emailaddress__verified=True, holder__emailaddress__primary=True
    )
    said = JSONObject(address="holder__emailaddress__email", language="holder__language", custody="pk")
    return ArraySubquery(held.order_by("pk").values(reader=said))


def by_link(token: str) -> RecoveryRequest | None:
    """Return the request that a mail's link opens, ``None`` if the link is no good. Changes nothing."""
    public_id = links.public_id(token)
    if public_id is None:
        return None
    request = RecoveryRequest.objects.select_related("user").filter(public_id=public_id).first()
    if request is None or request.user is None or not links.opens(token, KIND, request):
        return None
    return request if request.user.is_active else None


def is_current(request: RecoveryRequest) -> bool:
    """Say whether the link may still be used: unused, the newest of its reader, sent within 24 hours.

    One that went to a holder of the account opens nothing once they hold it no more, whoever else does
    (SAFETY T15).
    """
    assert request.user is not None  # by_link() gives no other
    newer = RecoveryRequest.objects.filter(
        user=request.user, custody=request.custody_id, pk__gt=request.pk
    ).exists()
    return (
        request.used_at is None
        and not newer
        and not links.expired(KIND, str(request.public_id), lifetime=LIFETIME)
        and _is_read_by_its_reader(request)
    )


def _is_read_by_its_reader(request: RecoveryRequest) -> bool:
    if request.custody_id is not None:
        return Custody.objects.in_force().filter(pk=request.custody_id).exists()
    return request.user is not None and bool(request.user.address() or sms_numbers.of(request.user))


def choose_password(request: RecoveryRequest, password: str) -> User:
    """Set the new password, end every open session, tell the person.

    Raises :class:`Outdated` when the link was used meanwhile or a newer one exists.
    """
    assert request.user is not None  # by_link() gives no other
    encoded = make_password(password)
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=request.user.pk)
        found = RecoveryRequest.objects.select_related("user", "custody__holder").filter(pk=request.pk)
        locked = found.first()
        if locked is None or not is_current(locked):
            raise Outdated
        RecoveryRequest.objects.filter(user=user, used_at=None).update(used_at=Now())
        user.password, user.owes_password = encoded, False
        user.save(update_fields=["password", "owes_password"])  # which ends every session: see its hash
        # Whoever had the account may have begun to take its address with them (SAFETY T24).
        AddressChange.objects.filter(user=user).delete()
        otp_keys.remove(user)  # or added a key that opens it without the password
        open_sessions.close_all(user)
        tell_of_new_password(user)
        if not user.address() and custody.is_of_age(user, DIGITAL_MAJORITY):
            custody.tell(user, Notice.Kind.PASSWORD_GIVEN)  # a letter to its holders chose it
        by = user if locked.custody is None else locked.custody.holder
        journal.record(act=PASSWORD_RESET, actor=by.subject, subject=user.subject, fields=["password"])
    forget_guesses(user)
    return user


def just_done(request: RecoveryRequest, password: str) -> User | None:
    """Return whose password this very form gave a moment ago: a second click is no error (SAFETY F14)."""
    lately = RecoveryRequest.objects.filter(pk=request.pk, used_at__gt=Now() - timedelta(minutes=2))
    done = lately.select_related("user").first()
    user = None if done is None else done.user
    return user if user is not None and check_password(password, user.password) else None


def close(user: User) -> None:
    """Have nothing open an account any more that opened it until now, but its owner's address or number.

    In the transaction of whoever decides it. Links that wait are dead, a key is gone, no browser is known.
    """
    user.close_password()
    user.session_epoch += 1
    user.save(update_fields=["password", "session_epoch"])  # which ends every session
    AddressChange.objects.filter(user=user).delete()
    RecoveryRequest.objects.filter(user=user, used_at=None).update(used_at=Now())
    otp_keys.forget([user.pk])
    open_sessions.close_all(user)


def make_choose(user: User, *, readers: list[Reader], academy: str) -> None:
    """Take the password away and write for a new one; in the transaction of whoever decides it.

    The letter says why it comes: its renderer sees that there is no password left.
    """
    close(user)
    for reader in readers:
        request = RecoveryRequest.objects.create(user=user, custody_id=reader.custody)
        outbox.post(
            kind=KIND,
            reference=str(request.public_id),
            to=reader.address,
            language=reader.language,
            academy=academy,
        )


def make_many_choose(keys: Sequence[int], *, academy: str) -> int:
    """Do the same for many at once, by a number of statements that does not grow with theirs (SAFETY G16).

    In the transaction of whoever decides it, who has locked the people of these keys. Their epoch rises as
    well: no browser is known for them any more. Returns about how many of them somebody was written to.
    """
    people = User.objects.filter(pk__in=keys)
    open_ones = people.exclude(password__startswith=UNUSABLE_PASSWORD_PREFIX)
    open_ones.update(password=Concat(Value(UNUSABLE_PASSWORD_PREFIX), F("password")))
    people.update(session_epoch=F("session_epoch") + 1)
    open_sessions.close_those_of(keys)
    AddressChange.objects.filter(user__in=keys).delete()
    otp_keys.forget(keys)
    RecoveryRequest.objects.filter(user__in=keys, used_at=None).update(used_at=Now())
    written_to = {
        key: readers
        for key, readers in correspondence.readers_of_many(list(people.filter(is_active=True))).items()
        if readers
    }
    asked = [
        (RecoveryRequest(user_id=key, custody_id=reader.custody), reader)
        for key, readers in written_to.items()
        for reader in readers
    ]
    RecoveryRequest.objects.bulk_create([request for request, _reader in asked])
    outbox.post_many(
        KIND,
        (
            outbox.Posting(reference=str(request.public_id), to=reader.address, language=reader.language)
            for request, reader in asked
        ),
        academy=academy,
    )
    return len(written_to)


def tell_of_new_password(user: User) -> None:
    """Write to the person, or to who holds their account, that the password changed: a thief is noticed."""
    correspondence.post(KIND_CHANGED, user)


def purge(now: datetime) -> int:
    """Delete requests a week after they were made. Returns how many."""
    return RecoveryRequest.objects.filter(created_at__lt=now - LIVES).delete()[0]
