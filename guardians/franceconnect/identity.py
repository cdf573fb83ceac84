"""Who FranceConnect says somebody is (FORMATS, « FranceConnect pivot »)."""

from __future__ import annotations

import re
import unicodedata
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

LONGEST = 255
# YYYY-MM-DD; what the civil register does not know is written 00.
BIRTHDATE = re.compile(r"[0-9]{4}-(?:0[0-9]|1[0-2])-(?:[0-2][0-9]|3[01])")


class Unfit(Exception):
    """What was said cannot be somebody's identity."""


@dataclass(frozen=True, kw_only=True)
class Identity:
    """Somebody as the State's register has them, and the proof that they were at this browser.

    ``sub`` is theirs for this portal alone (pairwise): with ``issuer`` it tells two people apart, and
    nothing else does. ``visit`` names this one coming back, for a form that must not go on with another.
    ``id_token`` is for leaving only (:mod:`guardians.franceconnect.door`).
    """

    visit: uuid.UUID
    issuer: str
    sub: str
    family_name: str  # at birth
    preferred_username: str  # usage name; empty when there is none
    given_names: str  # all of them, in the register's order
    birthdate: str  # empty, or YYYY-MM-DD with 00 for what is not known
    gender: str  # "male", "female" or empty
    acr: str
    auth_time: int | None
    id_token: str

    def __repr__(self) -> str:  # a log or an error page must not tell who
        return f"Identity(visit={self.visit})"

    def as_json(self) -> dict[str, Any]:
        """Return it as values that JSON can write."""
        return {**asdict(self), "visit": str(self.visit)}

    @classmethod
    def from_json(cls, values: Mapping[str, Any]) -> Identity:
        """Read :meth:`as_json` back."""
        return cls(**{**values, "visit": uuid.UUID(values["visit"])})


def read(
    *, proof: Mapping[str, Any], said: Mapping[str, Any], visit: uuid.UUID, issuer: str, id_token: str
) -> Identity:
    """Make an identity of what the id_token proves and what userinfo says, both verified already.

    Raises :class:`Unfit` when a name is missing, or a value is not of its kind. A birth date or a gender
    in another form counts as not said.
    """
    birthdate = said.get("birthdate", "")
    gender = said.get("gender", "")
    auth_time = proof.get("auth_time")
    return Identity(
        visit=visit,
        issuer=issuer,
        sub=proof["sub"],
        family_name=_text(said, "family_name", needed=True),
        preferred_username=_text(said, "preferred_username"),
        given_names=_text(said, "given_name", needed=True),
        birthdate=birthdate if isinstance(birthdate, str) and BIRTHDATE.fullmatch(birthdate) else "",
        gender=gender if gender in ("male", "female") else "",
        acr=proof["acr"],
        auth_time=auth_time if isinstance(auth_time, int) and not isinstance(auth_time, bool) else None,
        id_token=id_token,
    )


def _text(said: Mapping[str, Any], name: str, *, needed: bool = False) -> str:
    value = said.get(name)
    if value is None:
        value = ""
    if not isinstance(value, str) or len(value) > LONGEST:
        raise Unfit(name)
    value = " ".join(unicodedata.normalize("NFC", value).split())
    if any(unicodedata.category(character).startswith("C") for character in value):
        raise Unfit(name)
    if needed and not value:
        raise Unfit(name)
    return value
