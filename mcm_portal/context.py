"""What every template knows of the portal."""

from __future__ import annotations

from typing import NamedTuple, cast

from django.conf import settings
from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from accounts import belonging, steps
from accounts.models import User


class HelpContact(NamedTuple):
    """Where to ask for help: what is shown, and where its link leads."""

    label: str
    address: str


def help_contact() -> HelpContact | None:
    """``ADMIN_CONTACT`` as a link: a mail address or the address of a page; None when it is not set."""
    contact = settings.ADMIN_CONTACT
    if not contact:
        return None
    if contact.startswith(("https://", "http://")):
        return HelpContact(contact.partition("://")[2].rstrip("/"), contact)
    return HelpContact(contact, f"mailto:{contact}")


def portal(request: HttpRequest | None) -> dict[str, object]:
    """The values that ``base.html`` needs; asks neither the database nor the session by itself.

    ``portal_brand`` is the text of the official block, one entry per line, ``|`` in ``PORTAL_BRAND``
    being the end of a line; empty unless the operator is entitled to one (DESIGN.md, Look).
    ``portal_languages`` is each language by its own name, whatever the language of the page.
    ``accessibility`` is what the foot of every page has to say of it (RGAA). ``own_schools`` are those of
    who is signed in (« Mes accès »): looked at only where somebody is.
    """
    return {
        "portal_brand": [line.strip() for line in settings.PORTAL_BRAND.split("|") if line.strip()],
        "help_contact": help_contact(),
        "accessibility": settings.ACCESSIBILITY,
        "portal_languages": settings.LANGUAGES,
        "own_schools": SimpleLazyObject(lambda: _own_schools(request) if request else []),
    }


def _own_schools(request: HttpRequest) -> list[dict[str, str]]:
    """Return the schools of who is signed in; on the page of a step nothing is asked for them.

    Until the last step is taken a school's page only leads back to the step.
    """
    here = request.resolver_match.url_name if request.resolver_match else None
    if belonging.KNOWN not in request.session and here is not None and steps.is_one(here):
        return []
    return belonging.known(cast(User, request.user), request.session)
