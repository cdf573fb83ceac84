"""Where the square of a letter leads. The pages themselves belong to floors above."""

from __future__ import annotations

from urllib.parse import quote

from django.conf import settings

DOOR = "/lettre/"  # asks a pupil or a colleague for identifier and code
GUARDIANS_DOOR = "/responsables/premiere-connexion/code-ecole/"  # asks for names and a code


def door_of(identifier: str) -> str:
    """Return the address written in a letter, to be typed; the guardians' one without an identifier."""
    return settings.SITE_URL + (DOOR if identifier else GUARDIANS_DOOR)


def address_of(identifier: str, code: str) -> str:
    """Return what the square of a letter says: the page of its code, which works without JavaScript.

    A guardian has no identifier: the code stands behind « # », and the page that asks for their names
    takes it from there, or they type it.
    """
    if not identifier:
        return f"{door_of(identifier)}#{quote(code, safe='')}"
    return f"{door_of(identifier)}{quote(identifier, safe='')}/{quote(code, safe='')}/"
