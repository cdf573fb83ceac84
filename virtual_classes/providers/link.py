"""A link that the teacher pastes, to a meeting that they opened elsewhere.

LIMITS: the link is the same for everybody, has no end, and names nobody: whoever was given it once can come
in again, and pass it on. Only the waiting room of that service keeps others out; the help pages say so.
"""

from __future__ import annotations

import re
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from .base import Created, JoinAddress, OutOfSight, Person, Refused, Room, checked

LONGEST = 500  # characters
# A name of the public Internet: what browsers read as a number (0x7f.1, 2130706433) is none.
HOST = re.compile(
    r"(?=.{4,253}$)(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+(?:[a-z]{2,63}|xn--[a-z0-9-]{2,59})"
)
PRIVATE = (
    ".localhost",
    ".local",
    ".internal",
    ".intranet",
    ".lan",
    ".home",
    ".corp",
    ".test",
    ".invalid",
    ".arpa",
)


class Link(OutOfSight):
    """See :class:`virtual_classes.providers.base.Provider`."""

    code = "link"
    label = _("Un lien que je colle (autre service)")

    def is_ready(self, academy: str = "") -> bool:
        """Say yes: the teacher brings the room."""
        return True

    def create(self, room: Room) -> Created:
        """Look at the link again: what was good when it was pasted may be no good by now."""
        checked(room.key)
        _good(room.link)
        return Created(server="", created="link")

    def join_address(self, room: Room, person: Person) -> JoinAddress:
        """Return the link itself, whoever it is for."""
        if not room.created:
            raise Refused("not-open")
        return JoinAddress(_good(room.link))

    def origin(self, room: Room) -> str:
        """Return where the link leads."""
        return f"https://{urlsplit(_good(room.link)).netloc}"


def clean_link(pasted: str) -> str:
    """Return a link that a teacher pasted, for a form and a model's validator.

    Raises ``ValidationError`` with a kind sentence for what is no https address of a public site: one with
    an account in it, an address of a private network, of this portal, or longer than :data:`LONGEST`.
    """
    link = pasted.strip()
    if len(link) > LONGEST:
        raise ValidationError(_("Ce lien est trop long : copiez le lien court que le service vous donne."))
    if any(each.isspace() or not each.isprintable() or each in '\\"<>`' for each in link):
        raise ValidationError(_("Collez le lien seul, sans espace ni autre texte."))
    try:
        parts = urlsplit(link)
        port = parts.port
        host = (parts.hostname or "").encode("idna").decode() if parts.hostname else ""
    except ValueError:  # a bad port, a bracket, a name that is none
        raise ValidationError(_("Ce n’est pas un lien. Copiez-le à nouveau, en entier.")) from None
    if parts.scheme != "https" or not host:
        raise ValidationError(_("Le lien doit commencer par https://. Copiez-le en entier."))
    if "@" in parts.netloc:
        raise ValidationError(_("Ce lien contient un nom ou un mot de passe : copiez-en un sans signe @."))
    if _is_private(host):
        raise ValidationError(
            _("Ce lien ne mène pas à un site public : vos élèves ne pourraient pas l’ouvrir.")
        )
    if host == urlsplit(settings.SITE_URL).hostname:
        raise ValidationError(_("Ce lien mène à ce portail. Collez celui de la réunion."))
    rest = link.split("//", 1)[1][len(parts.netloc) :]
    return f"https://{host}{f':{port}' if port else ''}{rest}"


def _is_private(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return not HOST.fullmatch(host) or host.endswith(PRIVATE)
    return True  # a meeting is never at a bare number


def _good(link: str) -> str:
    try:
        return clean_link(link)
    except ValidationError:
        raise Refused("link") from None
