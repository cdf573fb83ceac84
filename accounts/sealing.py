"""Keeping a secret at rest that must be read again, by a key that is not in the database."""

from __future__ import annotations

import base64
import hashlib

from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings


def seal(purpose: str, text: str) -> str:
    """Encrypt by the present ``SECRET_KEY``; what one ``purpose`` sealed, no other opens."""
    return _keys(purpose).encrypt(text.encode()).decode()


def unseal(purpose: str, sealed: str) -> str:
    """Decrypt, also what a former ``SECRET_KEY`` encrypted (``SECRET_KEY_FALLBACKS``).

    Raises ``cryptography.fernet.InvalidToken`` for what was not sealed so.
    """
    return _keys(purpose).decrypt(sealed.encode()).decode()


def _keys(purpose: str) -> MultiFernet:
    every = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    drawn = [hashlib.sha256(f"{purpose}|{each}".encode()).digest() for each in every]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(each)) for each in drawn])
