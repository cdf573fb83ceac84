"""Random texts for one draw from the system each; Django draws once for every letter of them.

A page with a form has two such texts of 32 letters (the token against forms of other sites, and its mask): 64
draws, which were a tenth of what the sign-in page cost. They come from the same source and are as long.
"""

from __future__ import annotations

import secrets

from django.middleware import csrf


def text(length: int, alphabet: str) -> str:
    """Return ``length`` signs of ``alphabet`` (256 at most), each as likely as every other."""
    fair = 256 - 256 % len(alphabet)  # a byte above would favour the first signs
    drawn = ""
    while len(drawn) < length:
        wanted = length - len(drawn)
        drawn += "".join(
            alphabet[byte % len(alphabet)] for byte in secrets.token_bytes(wanted + 8) if byte < fair
        )
    return drawn[:length]


def spare_tokens() -> None:
    """Let Django draw its tokens so. Called once, when a process begins."""

    def token() -> str:
        return text(csrf.CSRF_SECRET_LENGTH, csrf.CSRF_ALLOWED_CHARS)

    csrf._get_new_csrf_string = token
