"""Mail addresses: their one form, a hint for common slips, and the key of their caps (SAFETY T28, T37)."""

from __future__ import annotations

import unicodedata

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from email_validator import EmailNotValidError, validate_email

MAXIMUM_LENGTH = 254  # RFC 5321, 4.5.3.1.3

# Where families have their mail. A domain one slip away from one of these is probably that one.
_COMMON = (
    "gmail.com", "hotmail.com", "hotmail.fr", "outlook.com", "outlook.fr", "orange.fr", "wanadoo.fr",
    "yahoo.fr", "yahoo.com", "laposte.net", "live.fr", "live.com", "free.fr", "sfr.fr", "icloud.com",
    "bbox.fr", "neuf.fr", "numericable.fr", "club-internet.fr", "protonmail.com", "aliceadsl.fr",
)  # fmt: skip
# Real domains that look like a slip, and are none.
_REAL = frozenset(
    (*_COMMON, "mail.com", "gmx.com", "gmx.fr", "ymail.com", "email.com", "mail.fr", "caramail.fr", "aol.com",
     "aol.fr", "me.com", "mac.com", "msn.com", "proton.me", "pm.me", "hotmail.be", "hotmail.ch", "yahoo.ca",
     "yahoo.de", "live.be", "live.ca", "outlook.be", "outlook.de")
)  # fmt: skip
# Slips that are more than one letter away.
_SLIPS = {
    "gmail.fr": "gmail.com", "gmail.co": "gmail.com", "gmail.con": "gmail.com", "gmail.cm": "gmail.com",
    "gmail": "gmail.com", "googlemail.fr": "gmail.com", "hotmail.co": "hotmail.com",
    "icloud.fr": "icloud.com", "laposte.fr": "laposte.net", "laposte.com": "laposte.net",
    "orange.com.fr": "orange.fr", "oranges.fr": "orange.fr", "wanado.fr": "wanadoo.fr",
    "wanadoo.com": "wanadoo.fr", "free.com": "free.fr", "sfr.com": "sfr.fr",
}  # fmt: skip


def clean_address(raw: str) -> str:
    """The address in its stored form: no space around, lower case, the domain in ASCII (punycode).

    The form alone is judged, no name server is asked. Quoted local parts, IP addresses as domains and
    special-use domains are refused. Raises ValidationError with one French sentence; its code is
    ``required``, ``too_long``, ``invisible``, ``not_ascii`` or ``invalid``.
    """
    address = raw.strip()
    if not address:
        raise ValidationError(_("Écrivez l’adresse de courriel."), code="required")
    if len(address) > MAXIMUM_LENGTH:
        raise ValidationError(_("Cette adresse est trop longue : 254 caractères au plus."), code="too_long")
    if any(unicodedata.category(character)[0] == "C" for character in address):
        raise ValidationError(
            _("L’adresse contient un caractère invisible. Effacez-la et tapez-la de nouveau."),
            code="invisible",
        )
    if not address.rpartition("@")[0].isascii():
        raise ValidationError(
            _("Avant le « @ », écrivez l’adresse sans accent ni lettre spéciale."), code="not_ascii"
        )
    try:
        valid = validate_email(address, check_deliverability=False, allow_smtputf8=False, strict=True)
    except EmailNotValidError as error:
        raise ValidationError(
            _("Écrivez une adresse de courriel complète, par exemple prenom.nom@exemple.fr."), code="invalid"
        ) from error
    assert valid.ascii_email is not None  # the local part is ASCII
    return valid.ascii_email.lower()


def did_you_mean(address: str) -> str | None:
    """The address that was probably meant, for a warning on the screen (never a refusal), or None.

    ``address`` comes from ``clean_address``.
    """
    local, _at, domain = address.rpartition("@")
    if domain in _REAL:
        return None
    meant = _SLIPS.get(domain) or next((known for known in _COMMON if _one_slip_apart(domain, known)), None)
    return f"{local}@{meant}" if meant else None


def mailbox_key(address: str) -> str:
    """What the caps on mails to one mailbox count by: the address without its « +tag » (SAFETY T28).

    For counting only: two addresses with different tags stay two accounts (SAFETY 0.1). ``address``
    comes from ``clean_address``.
    """
    local, _at, domain = address.rpartition("@")
    return f"{local.partition('+')[0] or local}@{domain}"


def _one_slip_apart(typed: str, known: str) -> bool:
    """One letter too many, missing, wrong, or two neighbours swapped."""
    if abs(len(typed) - len(known)) > 1 or typed == known:
        return False
    start = next(
        (i for i, (a, b) in enumerate(zip(typed, known, strict=False)) if a != b), min(len(typed), len(known))
    )
    a, b = typed[start:], known[start:]
    return a[1:] == b or a == b[1:] or a[1:] == b[1:] or (a[:2] == b[1::-1] and a[2:] == b[2:])
