"""The mobile number of a guardian's account: changed with a code sent to the new one (SCREENS D10).

A word goes to the old number and to the mail. No school's record changes: only the school writes there.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from audit import journal
from notifications import outbox
from throttling import limits

from . import codes
from .activation import DAY, LENGTH_OF_A_COOLDOWN, TEN_MINUTES, OutOfTime
from .models import AT_HAND, GUESSES, GuardianAccount, MobileChange

KIND_CODE = "guardians.mobile_code"  # to the new number
KIND_CHANGED = "guardians.mobile_changed"  # to the old number and to the mail

CHANGED = journal.register_act("mobile.changed", _("Numéro de portable du compte changé"))


class SameNumber(Exception):
    """The account has this number already."""


def of(user: User) -> str:
    """Return the number of an account: its own, else one that a school's record of the person has."""
    own = GuardianAccount.objects.filter(user=user).values_list("mobile", flat=True).first()
    return own or (
        user.contact_accounts.exclude(contact__mobile="")
        .order_by("pk")
        .values_list("contact__mobile", flat=True)
        .first()
        or ""
    )


def is_own(user: User) -> bool:
    """Say whether the number is the account's own, and not only the school's."""
    return GuardianAccount.objects.filter(user=user).exclude(mobile="").exists()


def tell(
    user: User,
    *,
    kind: str,
    reference: str,
    numbers: Iterable[str],
    mails: Iterable[str] = (),
    address: str | None = None,
) -> None:
    """Write to the mail of an account and to others, and to numbers by SMS; each place once.

    ``address`` is the account's own, where it is at hand (empty: it has none).
    """
    own = user.address() if address is None else address
    places = dict.fromkeys((own, *mails), outbox.Channel.MAIL)
    places |= dict.fromkeys(numbers, outbox.Channel.SMS)
    for to, channel in places.items():
        if to:
            outbox.post(kind=kind, reference=reference, to=to, channel=channel, language=user.language)


def asking_limits(user: User, mobile: str, browser: str) -> tuple[limits.Limit, ...]:
    """Return how often a code may be asked for: by an account, to a number, in a browser (SAFETY T7)."""
    return (
        limits.Limit("guardians.mobile_cooldown", user.subject, 1, LENGTH_OF_A_COOLDOWN),
        limits.Limit("guardians.mobile_account", user.subject, 5, DAY),
        limits.Limit("guardians.mobile_number", mobile, 3, TEN_MINUTES),
        limits.Limit("guardians.mobile_number", mobile, 5, DAY),
        limits.Limit("guardians.mobile_device", browser or user.subject, 10, DAY),
    )


def pending(user: User) -> MobileChange | None:
    """Return the change that waits for its code, if its time is not over."""
    return MobileChange.objects.alive().filter(user=user).first()


def ask(user: User, mobile: str, *, browser: str) -> MobileChange:
    """Send a code to a new number, in E.164; an earlier change is dropped.

    ``browser`` is the hash of the browser's number. Raises :class:`SameNumber` and
    :class:`throttling.limits.Refused`.
    """
    if is_own(user) and mobile == of(user):
        raise SameNumber
    limits.hit(*asking_limits(user, mobile, browser))
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # two tabs wait for each other
        MobileChange.objects.filter(user=user).delete()
        change = MobileChange.objects.create(user=user, mobile=mobile)
        _post_code(change, user)
    return change


def send_again(change: MobileChange, *, browser: str) -> None:
    """« Renvoyer le SMS »: another code; the one before is dead.

    Raises :class:`throttling.limits.Refused` and :class:`.activation.OutOfTime`.
    """
    limits.hit(*asking_limits(change.user, change.mobile, browser))
    with transaction.atomic():
        changed = (
            MobileChange.objects.alive()
            .filter(pk=change.pk)
            .update(code_number=F("code_number") + 1, guesses=0, lives_until=Now() + AT_HAND)
        )
        if not changed:
            raise OutOfTime
        change.refresh_from_db()
        _post_code(change, change.user)


def _post_code(change: MobileChange, user: User) -> None:
    outbox.post(
        kind=KIND_CODE,
        reference=f"{change.public_id}.{change.code_number}",
        to=change.mobile,
        channel=outbox.Channel.SMS,
        language=user.language,
    )


def verify_code(change: MobileChange, typed: str) -> bool:
    """Judge a code: at most five are, also of a hundred that arrive together (SAFETY G7).

    The right one gives the account its number. Raises :class:`.activation.OutOfTime` once none is judged.
    """
    if not codes.read(typed):
        return False
    counted = (
        MobileChange.objects.alive()
        .filter(pk=change.pk, code_number=change.code_number, guesses__lt=GUESSES)
        .update(guesses=F("guesses") + 1)
    )
    if not counted:
        raise OutOfTime
    if not codes.is_right(change, typed):
        return False
    user = change.user
    with transaction.atomic():
        if not MobileChange.objects.filter(pk=change.pk, code_number=change.code_number).delete()[0]:
            raise OutOfTime
        old = of(user)
        GuardianAccount.objects.update_or_create(user=user, defaults={"mobile": change.mobile})
        journal.record(act=CHANGED, actor=user.subject, subject=user.subject, fields=["mobile"])
        told = [old] if old != change.mobile else []
        tell(user, kind=KIND_CHANGED, reference=str(user.public_id), numbers=told)
    return True


def cancel(user: User) -> None:
    """« Annuler ce changement »: the code that was sent serves no more."""
    MobileChange.objects.filter(user=user).delete()


def purge() -> int:
    """Forget new numbers that nobody confirmed in time."""
    return MobileChange.objects.filter(lives_until__lte=Now()).delete()[0]
