"""« Contact et préférences »: what somebody wants to hear of, where, and by which number (SCREENS C5, C7).

Each choice can be changed at any time. An address or a number serves only once it is confirmed: a link goes
to the one, a code to the other, and nothing waits for them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from audit import journal
from schools.models import School

from . import address_change, custody, sms_numbers
from .ages import DIGITAL_MAJORITY
from .models import ContactPreferences, User

CHOSEN = journal.register_act("contact.chosen", _("Contact et préférences enregistrés"))
KEPT = ("ent_messages", "school_news", "partner_news", "phone_1", "phone_2", "no_sms")


def of(user: User) -> ContactPreferences:
    """Return what somebody chose; where they have chosen nothing yet, a row that is not written."""
    return ContactPreferences.objects.filter(user=user).first() or ContactPreferences(user=user)


def is_asked(user: User) -> bool:
    """Say whether this person is asked for anything: below 15 what is optional stays off (SAFETY T54)."""
    return user.student_id is None or custody.is_of_age(user, DIGITAL_MAJORITY)


def save(user: User, said: Mapping[str, Any], *, device: str, browser: str) -> bool:
    """Keep what was chosen, and end the step. ``True`` if a code was sent to a new number.

    ``said`` is the cleaned form, with ``address`` and, for the staff, the rest; ``device`` the browser's
    number and ``browser`` its hash. A form without the rest leaves it as it is. Raises
    :class:`throttling.limits.Refused`: then nothing was kept.
    """
    waits_for_code = _ask_for_proofs(user, said, device=device, browser=browser)
    with transaction.atomic():
        locked = User.objects.select_for_update().get(pk=user.pk)
        before = of(locked)
        changed = [name for name in KEPT if name in said and getattr(before, name) != said[name]]
        for name in changed:
            setattr(before, name, said[name])
        if "sms_mobile" in said and before.sms_mobile and not said["sms_mobile"]:
            before.sms_mobile = ""
            changed.append("sms_mobile")
        if changed:
            before.save()
            journal.record(act=CHOSEN, actor=user.subject, subject=user.subject, fields=changed)
        if locked.owes_contact:
            locked.owes_contact = False
            locked.save(update_fields=["owes_contact"])
    return waits_for_code


def opens_another_way(user: User, said: Mapping[str, Any]) -> bool:
    """Say whether a form names an address or a number that is new here: confirmed, it recovers the account.

    Whoever finds a session open must not make a way in of their own (SAFETY T24, T31).
    """
    address, number = said.get("address", ""), said.get("sms_mobile", "")
    waiting, asked = address_change.pending(user), sms_numbers.NUMBERS.pending(user)
    known = {user.address(), waiting.address if waiting else ""}
    numbers = {of(user).sms_mobile, asked.mobile if asked else ""}
    return bool(address and address not in known) or bool(number and number not in numbers)


def _ask_for_proofs(user: User, said: Mapping[str, Any], *, device: str, browser: str) -> bool:
    """Send a link to a new address and a code to a new number, where they are new."""
    waiting = address_change.pending(user)
    if said.get("address") and (waiting is None or waiting.address != said["address"]):
        try:
            address_change.ask(user, said["address"], device=device)
        except address_change.SameAddress:
            pass
    number = said.get("sms_mobile", "")
    if not number or number == of(user).sms_mobile:
        if "sms_mobile" in said:
            sms_numbers.NUMBERS.cancel(user)
        return False
    sms_numbers.ask(user, number, browser=browser)
    return True


@dataclass(frozen=True)
class PartnersOf:
    """Who the partners of one kind of school are, and what they write about."""

    school: str | Promise
    partners: str | Promise
    examples: str | Promise


PARTNERS = {
    "ecole": PartnersOf(
        _("Pour une école"),
        _("la commune et ses services."),
        _("Par exemple : les inscriptions à la cantine, une fête de quartier."),
    ),
    "college": PartnersOf(
        _("Pour un collège"),
        _("le département, la région, leurs services."),
        _("Par exemple : les transports scolaires, une aide à la cantine, un concours ouvert aux classes."),
    ),
    "lycee": PartnersOf(
        _("Pour un lycée"),
        _("la région et ses services."),
        _("Par exemple : le prêt d’ordinateurs, un salon des métiers, une bourse pour étudier à l’étranger."),
    ),
    "agricole": PartnersOf(
        _("Pour un établissement agricole"),
        _("la région, la direction chargée de l’agriculture."),
        _("Par exemple : un salon de l’agriculture, un appel à projets des fermes d’établissement."),
    ),
    "cfa": PartnersOf(
        _("Pour un centre de formation d’apprentis (CFA)"),
        _("la région, les chambres de métiers et d’agriculture."),
        _("Par exemple : une aide au premier équipement, un forum d’entreprises qui recrutent."),
    ),
}


def partners_for(user: User) -> list[PartnersOf]:
    """Return who the partners are at the schools of a person; of every kind where none is known."""
    schools = School.objects.filter(staff__in=user.posts()).distinct()
    found = [PARTNERS[kind] for kind in dict.fromkeys(map(_kind_of, schools)) if kind in PARTNERS]
    return found or list(PARTNERS.values())


def _kind_of(school: School) -> str:
    words = f"{school.nature} {school.name}".upper()
    if "AGRICOLE" in words:
        return "agricole"
    if "CFA" in words.split() or "APPRENTI" in words:
        return "cfa"
    return school.kind
