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
from django.db.models.functions import Concat, Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from audit import journal
from economy.together import Batch
from notifications import outbox
from throttling import limits

from . import addresses, correspondence, custody, links, open_sessions, registration
from .ages import DIGITAL_MAJORITY
from .backends import forget_guesses
from .correspondence import Reader
from .models import (
    MCM,
    AddressChange,
    Custody,
    Enrolment,
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


def ask(typed: str, *, device: str, client: str, language: str) -> None:
    """Write the letter that gets its reader back in, if there is anybody to write to.

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
    user, waiting, to, academy = _find(name=name, address=address)
    if not address:
        # Nobody's mailbox is counted as well, and a row written that goes nowhere: the same statements.
        to = [box for box in _with_room(to or [f"nobody+{nobody}"]) if box in to] or [""]
    # One statement, however many read the letters of somebody (two parents of a child, for example).
    request, batch = RecoveryRequest(user=user), Batch()
    batch.insert(request)
    with transaction.atomic():
        for box in to:
            # A sign-up has its own letter: its renderer knows when the address was corrected since.
            outbox.post(
                kind=KIND if waiting is None else registration.KIND,
                reference=str((waiting or request).public_id),
                to=box,
                language=(user.language if user else language) if waiting is None else waiting.language,
                academy=academy,
                batch=batch,
            )
        batch.run()


def _with_room(boxes: list[str]) -> list[str]:
    """Count a letter to each of these mailboxes, and return those that may receive one more."""
    asked = {box: registration.letter_limits(box) for box in boxes}
    every = [limit for each in asked.values() for limit in each]
    try:
        limits.hit(*every)
    except limits.Refused:
        if len(boxes) == 1:
            return []
        limits.give_back(*every)  # a mailbox that is full does not silence the other holder's
        return [box for box in boxes if _with_room([box])]
    return boxes


def _find(*, name: str, address: str) -> tuple[User | None, Registration | None, list[str], str]:
    """Return whom we know, the sign-up that waits, where to write, and whose staff may see the letter.

    Somebody without an address is written to at those of who holds their account.
    The same queries run whether or not there is anybody.
    """
    if address:
        user = User.objects.with_address(address).annotate(code=_academy_of("pk")).first()
        waiting = (
            Registration.objects.waiting()
            .select_related("academy")
            .filter(address=address)
            .order_by("-id")
            .first()
        )
        if user is not None:
            return user, None, [address], getattr(user, "code", None) or ""
        return None, waiting, [address], waiting.academy_code if waiting else ""
    row = (
        SignInName.objects.select_related("user", "registration__academy")
        .filter(authority=MCM, name=name)
        .annotate(
            address=F("user__emailaddress__email"), holders=_holders_of("user"), code=_academy_of("user")
        )
        .first()
    )
    if row is None:
        return None, None, [], ""
    if row.registration is not None:
        return None, row.registration, [row.registration.address], row.registration.academy_code
    return row.user, None, [row.address] if row.address else row.holders, row.code or ""


def _academy_of(person: str) -> Subquery:
    """Return the code of the académie of somebody's latest school year, within another query."""
    years = Enrolment.objects.filter(user=OuterRef(person)).order_by("-school_year", "-pk")
    return Subquery(years.values("academy__code")[:1])


def _holders_of(person: str) -> ArraySubquery:
    """Return the addresses of who holds somebody's account, within another query."""
    held = Custody.objects.in_force().filter(
        child=OuterRef(person), holder__emailaddress__verified=True, holder__emailaddress__primary=True
    )
    return ArraySubquery(held.order_by("pk").values("holder__emailaddress__email"))


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
    """Say whether the link may still be used: unused, the newest, sent within 24 hours.

    One that went to who held the account opens nothing once nobody holds it any more (SAFETY T15).
    """
    assert request.user is not None  # by_link() gives no other
    newer = RecoveryRequest.objects.filter(user=request.user, pk__gt=request.pk).exists()
    return (
        request.used_at is None
        and not newer
        and not links.expired(KIND, str(request.public_id), timezone.now(), lifetime=LIFETIME)
        and bool(request.user.address() or custody.is_held(request.user))
    )


def choose_password(request: RecoveryRequest, password: str) -> User:
    """Set the new password, end every open session, tell the person.

    Raises :class:`Outdated` when the link was used meanwhile or a newer one exists.
    """
    assert request.user is not None  # by_link() gives no other
    encoded = make_password(password)
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=request.user.pk)
        locked = RecoveryRequest.objects.select_related("user").get(pk=request.pk)
        if not is_current(locked):
            raise Outdated
        RecoveryRequest.objects.filter(user=user, used_at=None).update(used_at=timezone.now())
        user.password = encoded
        user.save(update_fields=["password"])  # which ends every session: see User's session hash
        # Whoever had the account may have begun to take its address with them (SAFETY T24).
        AddressChange.objects.filter(user=user).delete()
        open_sessions.close_all(user)
        tell_of_new_password(user)
        if not user.address() and custody.is_of_age(user, DIGITAL_MAJORITY):
            custody.tell(user, Notice.Kind.PASSWORD_GIVEN)  # a letter to its holders chose it
        journal.record(act=PASSWORD_RESET, actor=user.subject, subject=user.subject, fields=["password"])
    forget_guesses(user)
    return user


def was_just_done(request: RecoveryRequest, password: str) -> bool:
    """Say whether this very form was sent a moment ago: a second click is no error (SAFETY F14)."""
    request.refresh_from_db()
    return (
        request.used_at is not None
        and request.user is not None
        and timezone.now() - request.used_at < timedelta(minutes=2)
        and check_password(password, request.user.password)
    )


def make_choose(user: User, *, readers: list[Reader], academy: str) -> None:
    """Take the password away and write for a new one; in the transaction of whoever decides it.

    The letter says why it comes: its renderer sees that there is no password left.
    """
    user.close_password()
    user.save(update_fields=["password"])  # which ends every session
    AddressChange.objects.filter(user=user).delete()
    open_sessions.close_all(user)
    request = RecoveryRequest.objects.create(user=user)
    for reader in readers:
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
    RecoveryRequest.objects.filter(user__in=keys, used_at=None).update(used_at=Now())
    written_to = {
        key: readers
        for key, readers in correspondence.readers_of_many(list(people.filter(is_active=True))).items()
        if readers
    }
    requests = [RecoveryRequest(user_id=key) for key in written_to]
    RecoveryRequest.objects.bulk_create(requests)
    outbox.post_many(
        KIND,
        (
            outbox.Posting(reference=str(each.public_id), to=reader.address, language=reader.language)
            for each in requests
            for reader in written_to[each.user_id or 0]
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
