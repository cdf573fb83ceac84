"""One-time-password keys (SCREENS C2, « Passcode OTP »): nobody has one yet."""

from __future__ import annotations

from .models import User


def has_key(user: User) -> bool:
    """Say whether somebody comes with a key."""
    return False


def verify(user: User, typed: str) -> bool:
    """Judge a passcode: a PIN and the six digits of the key."""
    return False
