"""The six digits of an SMS to a guardian, for a first sign-in or a new number (:mod:`accounts.sms_codes`)."""

from __future__ import annotations

from accounts import sms_codes
from accounts.sms_codes import DIGITS, read

from .models import Activation, MobileChange

PURPOSE = "guardians.codes"
__all__ = ["DIGITS", "code", "is_right", "read"]


def code(activation: Activation | MobileChange) -> str:
    """Return the code in force of a row that waits for one."""
    return sms_codes.code(PURPOSE, activation)


def is_right(activation: Activation | MobileChange, typed: str) -> bool:
    """Judge a code in constant time."""
    return sms_codes.is_right(PURPOSE, activation, typed)
