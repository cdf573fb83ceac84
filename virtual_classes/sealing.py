"""Secrets of other people's servers, unreadable in the database and in its copies.

The key is drawn from ``SECRET_KEY``; what a former one sealed is still read (``SECRET_KEY_FALLBACKS``).
"""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings


class Unreadable(Exception):
    """Sealed by a key that the portal does not have any more."""


def seal(secret: str) -> str:
    """Return a secret as it may be stored."""
    return _keys().encrypt(secret.encode()).decode()


def unseal(sealed: str) -> str:
    """Return what was sealed. Raises :class:`Unreadable`."""
    try:
        return _keys().decrypt(sealed.encode()).decode()
    except InvalidToken:
        raise Unreadable from None


def _keys() -> MultiFernet:
    every = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    drawn = [hashlib.sha256(f"virtual_classes.servers|{each}".encode()).digest() for each in every]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(each)) for each in drawn])
