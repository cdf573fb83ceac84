"""Who one can be at the stand-in. None of them exists."""

from __future__ import annotations

PEOPLE: dict[str, dict[str, str]] = {
    "karim": {
        "given_name": "Karim Ali",
        "family_name": "BENALI",
        "birthdate": "1984-05-17",
        "gender": "male",
    },
    "leila": {
        "given_name": "Leïla",
        "family_name": "HADDAD",
        "preferred_username": "BENALI",
        "birthdate": "1986-11-02",
        "gender": "female",
    },
    "anne-marie": {
        "given_name": "Anne-Marie Josèphe",
        "family_name": "D’HERVÉ",
        "preferred_username": "MOREAU-D’HERVÉ",
        "birthdate": "1979-02-28",
        "gender": "female",
    },
    # Born where the register does not know the day.
    "moussa": {
        "given_name": "Moussa",
        "family_name": "TRAORÉ",
        "birthdate": "1981-00-00",
        "gender": "male",
    },
}
