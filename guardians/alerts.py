"""The alerts of an account: what happened to it since the visit before (SCREENS D10).

Shown once in each session, for who switched them on; nothing is kept but when and on what that visit was.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models.functions import Now
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from accounts import account, address_change, devices, recovery, standing
from accounts.models import OpenSession, User
from audit.models import Record

from . import bringing, finishing, linking, mobiles
from .identifiers import EDUCONNECT
from .models import GuardianAccount, Guardianship

# Acts on one's own account that its owner must have wanted.
TOLD: dict[str, str | Promise] = {
    address_change.CHANGED: _("L’adresse mail de votre compte a changé."),
    mobiles.CHANGED: _("Le numéro de portable de votre compte a changé."),
    account.PASSWORD_CHANGED: _("Le mot de passe de votre compte a changé."),
    recovery.PASSWORD_RESET: _("Le mot de passe de votre compte a été choisi de nouveau, avec un lien reçu."),
    finishing.AGAIN: _("Le mot de passe de votre compte a été choisi de nouveau, avec un code reçu."),
    linking.JOINED: _("FranceConnect ouvre désormais votre compte."),
    linking.PARTED: _("FranceConnect n’ouvre plus votre compte."),
    bringing.BROUGHT: _("Des élèves ont été rattachés depuis un autre compte."),
    bringing.RETURNED: _("Des élèves ont été rendus à un autre compte."),
}


@dataclass(frozen=True)
class Alert:
    """One thing that happened, and when."""

    at: datetime
    words: str


def are_on(user: User) -> bool:
    """Say whether this person wants to see them; only guardians are asked about."""
    return (
        EDUCONNECT in standing.of(user).doors
        and GuardianAccount.objects.filter(user=user, shows_alerts=True).exists()
    )


def switch(user: User, on: bool) -> None:
    """« Activer », « Désactiver ». What is older than the switch is no alert."""
    GuardianAccount.objects.get_or_create(user=user)
    changed = GuardianAccount.objects.filter(user=user, shows_alerts=not on)
    if on:
        changed.update(shows_alerts=True, visited_at=Now(), visited_on="")
    else:
        changed.update(shows_alerts=False)


def before(user: User) -> GuardianAccount:
    """Return when and on what the visit before this one was."""
    return GuardianAccount.objects.get(user=user)


def of(user: User, here: str) -> list[Alert]:
    """Return what happened since the visit before, the latest first; ``here`` is this session's key."""
    since = before(user).visited_at
    acts = Record.objects.filter(subject=user.subject, act__in=TOLD, at__gt=since).order_by("-id")
    mine = Guardianship.objects.in_force().filter(user=user).values("tie__student")
    others = (
        Guardianship.objects.in_force()
        .filter(tie__student__in=mine, since__gt=since)
        .exclude(user=user)
        .select_related("tie__student")
    )
    elsewhere = OpenSession.objects.filter(user=user, opened_at__gt=since).exclude(session_key=here)
    found = [
        *(Alert(each.at, str(TOLD[each.act])) for each in acts[:20]),
        *(Alert(each.since, _another(each)) for each in others[:20]),
        *(Alert(each.opened_at, _open_elsewhere(each)) for each in elsewhere.defer("session_data")[:20]),
    ]
    return sorted(found, key=lambda alert: alert.at, reverse=True)


def _another(tied: Guardianship) -> str:
    return gettext("Un autre responsable légal de %(child)s a créé son accès.") % {
        "child": tied.tie.student.first_name
    }


def _open_elsewhere(session: OpenSession) -> str:
    return gettext("Votre compte est aussi ouvert ailleurs : %(device)s.") % {
        "device": devices.in_words(session.device)
    }


def see(user: User, here: str) -> None:
    """Note that the alerts were read in a session: the next one tells what came after it began."""
    session = OpenSession.objects.filter(user=user, session_key=here).defer("session_data").first()
    if session is not None:
        GuardianAccount.objects.filter(user=user, visited_at__lt=session.opened_at).update(
            visited_at=session.opened_at, visited_on=session.device
        )
