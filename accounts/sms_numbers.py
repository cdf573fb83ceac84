"""The number for SMS of an account: it serves once the code sent to it was typed (SCREENS C5, SAFETY G7)."""

from __future__ import annotations

from datetime import timedelta

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit import journal
from notifications import outbox
from throttling import limits

from . import sms_codes
from .models import ContactPreferences, SmsNumber, User
from .models.first_sign_in import AT_HAND

KIND_CODE = "accounts.sms_number_code"
PURPOSE = "accounts.sms_numbers"
GUESSES = 5  # of one code
DAY, TEN_MINUTES, A_MINUTE = timedelta(days=1), timedelta(minutes=10), timedelta(minutes=1)

CHANGED = journal.register_act("sms_number.changed", _("Numéro pour les SMS changé"))


class OutOfTime(Exception):
    """The code's half hour is over, or it was guessed at too often."""


def of(user: User) -> str:
    """Return the confirmed number; empty without one, and for who wants no SMS."""
    found = ContactPreferences.objects.filter(user=user, no_sms=False)
    return found.values_list("sms_mobile", flat=True).first() or ""


def pending(user: User) -> SmsNumber | None:
    """Return the number that waits for its code, if its time is not over."""
    return SmsNumber.objects.alive().filter(user=user).first()


def asking_limits(user: User, mobile: str, browser: str) -> tuple[limits.Limit, ...]:
    """Return how often a code may be asked for: by an account, to a number, in a browser (SAFETY T7)."""
    return (
        limits.Limit("accounts.sms_cooldown", user.subject, 1, A_MINUTE),
        limits.Limit("accounts.sms_account", user.subject, 5, DAY),
        limits.Limit("accounts.sms_number", mobile, 3, TEN_MINUTES),
        limits.Limit("accounts.sms_number", mobile, 5, DAY),
        limits.Limit("accounts.sms_device", browser or user.subject, 10, DAY),
    )


def ask(user: User, mobile: str, *, browser: str) -> None:
    """Send a code to a number, in E.164; an earlier one is dropped. Nothing for the confirmed number.

    ``browser`` is the hash of the browser's number. Raises :class:`throttling.limits.Refused`.
    """
    waiting = pending(user)
    if waiting is not None and waiting.mobile == mobile:
        return  # sent twice, the form asks once
    limits.hit(*asking_limits(user, mobile, browser))
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # two tabs wait for each other
        SmsNumber.objects.filter(user=user).delete()
        _post_code(SmsNumber.objects.create(user=user, mobile=mobile), user)


def send_again(waiting: SmsNumber, *, browser: str) -> None:
    """« Renvoyer le SMS »: another code; the one before is dead.

    Raises :class:`throttling.limits.Refused` and :class:`OutOfTime`.
    """
    limits.hit(*asking_limits(waiting.user, waiting.mobile, browser))
    with transaction.atomic():
        changed = (
            SmsNumber.objects.alive()
            .filter(pk=waiting.pk)
            .update(code_number=F("code_number") + 1, guesses=0, lives_until=Now() + AT_HAND)
        )
        if not changed:
            raise OutOfTime
        waiting.refresh_from_db()
        _post_code(waiting, waiting.user)


def _post_code(waiting: SmsNumber, user: User) -> None:
    outbox.post(
        kind=KIND_CODE,
        reference=f"{waiting.public_id}.{waiting.code_number}",
        to=waiting.mobile,
        channel=outbox.Channel.SMS,
        language=user.language,
    )


def verify_code(waiting: SmsNumber, typed: str) -> bool:
    """Judge a code: at most five are, also of a hundred that arrive together. The right one makes it count.

    Raises :class:`OutOfTime` once none is judged.
    """
    if not sms_codes.read(typed):
        return False
    counted = (
        SmsNumber.objects.alive()
        .filter(pk=waiting.pk, code_number=waiting.code_number, guesses__lt=GUESSES)
        .update(guesses=F("guesses") + 1)
    )
    if not counted:
        raise OutOfTime
    if not sms_codes.is_right(PURPOSE, waiting, typed):
        return False
    user = waiting.user
    with transaction.atomic():
        if not SmsNumber.objects.filter(pk=waiting.pk, code_number=waiting.code_number).delete()[0]:
            raise OutOfTime
        ContactPreferences.objects.update_or_create(user=user, defaults={"sms_mobile": waiting.mobile})
        journal.record(act=CHANGED, actor=user.subject, subject=user.subject, fields=["sms_mobile"])
    return True


def cancel(user: User) -> None:
    """The code that was sent serves no more."""
    SmsNumber.objects.filter(user=user).delete()


def purge() -> int:
    """Forget numbers that nobody confirmed in time."""
    return SmsNumber.objects.filter(lives_until__lte=Now()).delete()[0]
