"""The number for SMS of an account: it serves once the code sent to it was typed (SCREENS C5, SAFETY G7)."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from audit import journal

from .models import ContactPreferences, SmsNumber, User
from .waiting_numbers import WaitingNumbers

KIND_CODE = "accounts.sms_number_code"
PURPOSE = "accounts.sms_numbers"

CHANGED = journal.register_act("sms_number.changed", _("Numéro pour les SMS changé"))

NUMBERS = WaitingNumbers(SmsNumber, KIND_CODE, PURPOSE, "accounts.sms")


def of(user: User) -> str:
    """Return the confirmed number; empty without one, and for who wants no SMS."""
    found = ContactPreferences.objects.filter(user=user, no_sms=False)
    return found.values_list("sms_mobile", flat=True).first() or ""


def ask(user: User, mobile: str, *, browser: str) -> None:
    """Send a code to a number, as :meth:`WaitingNumbers.ask`; the same form sent twice asks once."""
    waiting = NUMBERS.pending(user)
    if waiting is None or waiting.mobile != mobile:
        NUMBERS.ask(user, mobile, browser=browser)


def verify_code(waiting: SmsNumber, typed: str) -> bool:
    """Judge a code; the right one makes the number count. Raises
    :class:`.waiting_numbers.OutOfTime`."""
    user = waiting.user

    def accept() -> None:
        ContactPreferences.objects.update_or_create(user=user, defaults={"sms_mobile": waiting.mobile})
        journal.record(act=CHANGED, actor=user.subject, subject=user.subject, fields=["sms_mobile"])

    return NUMBERS.judge(waiting, typed, accept)
