"""Where a letter to a person goes: to their own address, or to each holder of their account (DESIGN 3).

Each reader has a row of their own in the outbox, in their own language: nobody sees another's address.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from allauth.account.models import EmailAddress

from notifications import outbox

from .models import Custody, User

_numbers: list[Callable[[User], str]] = []


@dataclass(frozen=True)
class Reader:
    """A confirmed address, the language its owner reads, and for a holder the key of what makes them one."""

    address: str
    language: str
    custody: int | None = None


def holders_of(child: User, *, but: User | None = None) -> list[Reader]:
    """Return where the holders of a child's account read their mail: those who have an address."""
    found = Custody.objects.in_force().filter(
        child=child, holder__emailaddress__verified=True, holder__emailaddress__primary=True
    )
    if but is not None:
        found = found.exclude(holder=but)
    read = found.order_by("pk").values_list("holder__emailaddress__email", "holder__language", "pk")
    return [Reader(*said) for said in read]


def readers_of(person: User) -> list[Reader]:
    """Return who reads a person's letters: themselves, or who holds their account; perhaps nobody."""
    if own := person.address():
        return [Reader(own, person.language)]
    return holders_of(person)


def readers_of_many(people: Sequence[User]) -> dict[int, list[Reader]]:
    """Return, by the keys of people, who reads the letters of each: two statements, however many they are."""
    keys = [person.pk for person in people]
    found: dict[int, list[Reader]] = {key: [] for key in keys}
    own = EmailAddress.objects.filter(user__in=keys, verified=True, primary=True)
    for key, address, language in own.values_list("user", "email", "user__language"):
        found[key].append(Reader(address, language))
    held = Custody.objects.in_force().filter(
        child__in=[key for key in keys if not found[key]],
        holder__emailaddress__verified=True,
        holder__emailaddress__primary=True,
    )
    for key, address, language, custody in held.order_by("pk").values_list(
        "child", "holder__emailaddress__email", "holder__language", "pk"
    ):
        found[key].append(Reader(address, language, custody))
    return found


def post(kind: str, person: User, *, readers: list[Reader] | None = None, academy: str = "") -> None:
    """Put a letter about a person in the outbox, one row for each of its readers."""
    for reader in readers_of(person) if readers is None else readers:
        outbox.post(
            kind=kind,
            reference=str(person.public_id),
            to=reader.address,
            language=reader.language,
            academy=academy,
        )


def register(number: Callable[[User], str]) -> None:
    """Add a way to know the mobile number of a person, in E.164; empty for who has none.

    Called once, from an app's ``correspondence.py``.
    """
    if number not in _numbers:
        _numbers.append(number)


def numbers_of(person: User) -> list[str]:
    """Return the mobile numbers that are written to where a person has no address, each once."""
    return list(dict.fromkeys(number for of in _numbers if (number := of(person))))
