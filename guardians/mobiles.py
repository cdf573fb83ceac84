"""The mobile number of a guardian's account: changed with a code sent to the new one (SCREENS D10).

A word goes to the old number and to the mail. No school's record changes: only the school writes there.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.waiting_numbers import WaitingNumbers
from audit import journal
from notifications import outbox

from . import codes
from .models import GuardianAccount, MobileChange

KIND_CODE = "guardians.mobile_code"  # to the new number
KIND_CHANGED = "guardians.mobile_changed"  # to the old number and to the mail

CHANGED = journal.register_act("mobile.changed", _("Numéro de portable du compte changé"))

NUMBERS = WaitingNumbers(MobileChange, KIND_CODE, codes.PURPOSE, "guardians.mobile")


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


def ask(user: User, mobile: str, *, browser: str) -> None:
    """Send a code to a new number, as :meth:`WaitingNumbers.ask`. Raises :class:`SameNumber` as well."""
    if is_own(user) and mobile == of(user):
        raise SameNumber
    NUMBERS.ask(user, mobile, browser=browser)


def verify_code(change: MobileChange, typed: str) -> bool:
    """Judge a code; the right one gives the account its number, and tells the old one. Raises
    :class:`accounts.waiting_numbers.OutOfTime`.
    """
    user = change.user

    def accept() -> None:
        old = of(user)
        GuardianAccount.objects.update_or_create(user=user, defaults={"mobile": change.mobile})
        journal.record(act=CHANGED, actor=user.subject, subject=user.subject, fields=["mobile"])
        told = [old] if old != change.mobile else []
        tell(user, kind=KIND_CHANGED, reference=str(user.public_id), numbers=told)

    return NUMBERS.judge(change, typed, accept)
