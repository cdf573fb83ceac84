"""Codes that a school gives on paper: drawn without look-alikes, read as people type them, kept as hashes.

What a row keeps of a code is a hash keyed by ``LINK_KEY``, which stands in no database: a copy of the
database gives none (SAFETY section 4, rule 4; ASVS 6.5.2).
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import unicodedata

from django.conf import settings

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # neither 0 nor O, neither 1 nor I nor L: 31 signs


def draw(length: int) -> str:
    """Draw so many signs from the generator of the system."""
    return "".join(secrets.choice(ALPHABET) for _sign in range(length))


def plain(typed: str) -> str:
    """Return what somebody typed as capitals, without spaces and hyphens, whatever signs these are."""
    signs = unicodedata.normalize("NFKC", typed[:100]).upper()
    return "".join(sign for sign in signs if not sign.isspace() and sign not in "-.\u200b")


def is_made_of_signs(code: str, length: int) -> bool:
    """Say whether a plain code has so many signs, all of the alphabet."""
    return len(code) == length and set(code) <= set(ALPHABET)


def digest(purpose: str, code: str) -> str:
    """Return what a row keeps of a code that serves one purpose, such as ``guardians.pairing``."""
    return hmac.new(settings.LINK_KEY.encode(), f"{purpose}|{code}".encode(), hashlib.sha256).hexdigest()
