"""What can come between somebody and a provider; each door has its own words for it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum

from django.utils.functional import Promise


class Trouble(Enum):
    """Each has a page of its own; the value is in its address."""

    REFUSED = "refus"
    AWAY = "indisponible"
    NONSENSE = "verification"
    EXPIRED = "trop-tard"
    REPLAYED = "deja-servi"
    ELSEWHERE = "autre-navigateur"
    TOO_OFTEN = "trop-souvent"


@dataclass(frozen=True)
class Words:
    """What a page of trouble says."""

    title: str | Promise
    text: str | Promise


class Troubled(Exception):
    """It did not work out; the trouble says what the person reads."""

    def __init__(self, trouble: Trouble) -> None:
        self.trouble = trouble
