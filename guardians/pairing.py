"""A code that the school gives by hand, for who gets no SMS: it stands for the code by SMS (SCREENS D5, D6).

For one child and one contact of the school's record. Six signs without look-alikes, seven days, one use, at
most five alive for a child at a school. The code itself is shown once and kept nowhere: a row has its hash,
keyed by ``LINK_KEY``, so that a copy of the database gives none. Name and first name are asked with it, and
the birth date of each child after it (SAFETY 0.1 point 4).
"""

from __future__ import annotations

import uuid

from django.db import IntegrityError, transaction
from django.db.models.functions import Now
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Power, User
from audit import journal
from schools import paper_codes
from schools.letters import codes
from schools.models import Audience, GuardianContact, GuardianTie, Student
from schools.person_names import comparison_key
from throttling import limits

from . import matching
from .activation import DAY, HOUR, give_up
from .models import Activation, PairingCode

LENGTH = 6
ALIVE = 5  # codes of one child, given by one school
DRAWS = 5

GIVEN = journal.register_act("pairing.given", _("Code d’appairage donné"))
REVOKED = journal.register_act("pairing.revoked", _("Code d’appairage annulé"))
SPENT = journal.register_act("pairing.spent", _("Code d’appairage utilisé"))


class NotGiven(Exception):
    """No code was given; ``why`` is a sentence for who wanted to give one."""

    why: str | Promise = ""


class NotAllowed(NotGiven):
    """This child's record is not this person's to open."""

    why = _("Cet élève n’est pas dans votre établissement ou votre académie.")


class TooMany(NotGiven):
    """Five codes of this child are alive."""

    why = _("Cinq codes sont déjà donnés pour cet élève. Annulez-en un d’abord.")


class GivenAlready(NotGiven):
    """The same form was sent before: its code was shown then."""

    why = _("Ce code a déjà été montré. S’il est perdu, annulez-le et donnez-en un autre.")


class NoAccess(NotGiven):
    """What the contact is to the child gives no access, whatever code they have."""

    why = _("Cette personne n’a plus de lien avec cet élève.")


class WrongCode(Exception):
    """No such code, or spent, revoked, too old, or of somebody else: nobody is told which."""


class Mistyped(WrongCode):
    """What was typed has not the form of a code: nothing was tried, nothing is counted."""


def read(typed: str) -> str:
    """Return what somebody typed as a code: capitals, without spaces and hyphens; empty for what is none."""
    code = paper_codes.plain(typed)
    return code if paper_codes.is_made_of_signs(code, LENGTH) else ""


def digest(code: str) -> str:
    """Return what a row keeps of a code."""
    return paper_codes.digest("guardians.pairing", code)


def give(tie: GuardianTie, *, by: User, submission: uuid.UUID, reason: str = "") -> str:
    """Make a code for a contact and a child, by the head of the school or the DANE; return it, this once.

    Raises :class:`NotAllowed`, :class:`NoAccess`, :class:`TooMany` and :class:`GivenAlready`.
    """
    _check(tie, by)
    if not GuardianTie.objects.filter(pk=tie.pk).filter(PairingCode.gives_access()).exists():
        raise NoAccess
    with transaction.atomic():
        # Those who give one to the same child wait for each other here.
        Student.objects.select_for_update(no_key=True).get(pk=tie.student_id)
        if PairingCode.objects.filter(submission=submission).exists():
            raise GivenAlready
        mine = {"tie__student": tie.student_id, "tie__contact__school": tie.contact.school_id}
        if PairingCode.objects.alive().filter(**mine).count() >= ALIVE:
            raise TooMany
        made, code = _draw(tie, by, submission)
        _note(GIVEN, made, by.subject, reason)
    return code


def _draw(tie: GuardianTie, by: User, submission: uuid.UUID) -> tuple[PairingCode, str]:
    for _draw in range(DRAWS):
        code = paper_codes.draw(LENGTH)
        try:
            with transaction.atomic():
                made = PairingCode.objects.create(
                    digest=digest(code), tie=tie, given_by=by, submission=submission
                )
        except IntegrityError:
            continue
        return made, code
    raise RuntimeError("no code is free")


def revoke(given: PairingCode, *, by: User, reason: str = "") -> None:
    """Make a code worthless; one that was spent stays spent. Twice is once. Raises :class:`NotAllowed`."""
    _check(given.tie, by)
    with transaction.atomic():
        if PairingCode.objects.unused().filter(pk=given.pk).update(revoked_at=Now()):
            _note(REVOKED, given, by.subject, reason)


def use(
    *,
    first_name: str,
    last_name: str,
    typed: str,
    browser: str,
    client: str,
    language: str,
    joins: User | None = None,
) -> Activation:
    """Begin a first sign-in with a code of the school: as far as a right code by SMS leads.

    ``joins`` is who is signed in, and adds a child to their account. Counted before it is judged, for the
    device, the network, the names typed and the child; the same statements whatever is wrong. Of two
    browsers one spends it; the same one that sends it twice is led on twice (SAFETY F14). The code of a
    letter does the same (:mod:`schools.letters.codes`). Raises :class:`Mistyped`, :class:`WrongCode` and
    :class:`throttling.limits.Refused`.
    """
    code = read(typed)
    names = f"{comparison_key(last_name)} {comparison_key(first_name)}"
    if not code:
        contact = _spend_letter(first_name, last_name, names, typed, browser, client)
        with transaction.atomic():
            give_up(browser)
            return Activation.objects.create(
                browser=browser,
                language=language,
                first_name=first_name,
                last_name=last_name,
                contacts=[contact.pk],
                joins=joins,
                verified_at=Now(),
            )
    limits.hit(
        limits.Limit("guardians.pairing_device", browser, 10, DAY),
        limits.Limit("guardians.pairing_network", client, 60, HOUR),
        names_limit(names),
    )
    found = (
        PairingCode.objects.usable_in(browser)
        .select_related("tie__contact__school__academy", "tie__student", "activation")
        .filter(digest=digest(code))
        .first()
    )
    # A code that is nobody's counts as well, so that the answer costs the same.
    # Under a name that no pupil has: whoever types a number counts at no child.
    whose = f"child {found.tie.student_id}" if found else f"code {code}"
    limits.hit(limits.Limit("guardians.pairing_child", whose, 10, DAY))
    if found is None or not _is_called(first_name, last_name, found.tie.contact):
        raise WrongCode
    if found.spent_at is not None:
        return _begun_before(found, browser, joins)
    with transaction.atomic():
        if not PairingCode.objects.unused().filter(pk=found.pk).update(spent_at=Now()):
            return _begun_before(found, browser, joins)  # at this very moment
        give_up(browser)
        begun = Activation.objects.create(
            browser=browser,
            language=language,
            first_name=first_name,
            last_name=last_name,
            contacts=[found.tie.contact_id],
            pairing=found,
            joins=joins,
            verified_at=Now(),
        )
        _note(SPENT, found, joins.subject if joins else begun.subject, "")
    return begun


def names_limit(names: str) -> limits.Limit:
    """Return how many codes on paper are tried for one name in a day, whoever tries."""
    return limits.Limit("guardians.pairing_names", names, 50, DAY)


def _spend_letter(
    first_name: str, last_name: str, names: str, typed: str, browser: str, client: str
) -> GuardianContact:
    """Use the code of a letter, for who bears the names of its record."""

    def is_called(who: codes.Spent) -> bool:
        return who.contact is not None and _is_called(first_name, last_name, who.contact)

    try:
        code = codes.read(typed)
        limits.hit(names_limit(names))
        spent = codes.spend(
            identifier="",
            code=code,
            audiences=frozenset({Audience.GUARDIAN}),
            client=browser,
            network=client,
            holds=is_called,
        )
    except codes.Mistyped as refusal:
        raise Mistyped from refusal
    except codes.WrongCode as refusal:
        raise WrongCode from refusal
    if spent.contact is None:
        raise WrongCode
    return spent.contact


def _begun_before(code: PairingCode, browser: str, joins: User | None) -> Activation:
    """Return what this browser began with a code that is spent, for the same person and account."""
    begun = Activation.objects.alive().filter(pairing=code, browser=browser, joins=joins, user=None).first()
    if begun is None:
        raise WrongCode
    return begun


def _is_called(first_name: str, last_name: str, contact: GuardianContact) -> bool:
    """Compare names as for a code by SMS; a record without a first name asks for none."""
    return matching.same_family_name(last_name, contact) and (
        not contact.first_name or matching.same_first_name(first_name, contact.first_name)
    )


def _check(tie: GuardianTie, by: User) -> None:
    mine = GuardianContact.objects.open_to(by.scope(Power.ANSWER_FAMILIES))
    if not mine.filter(pk=tie.contact_id).exists():
        raise NotAllowed


def _note(act: str, code: PairingCode, actor: str, reason: str) -> None:
    """Write it down for the child, so that who asks about a child finds who was let in."""
    journal.record(
        act=act,
        actor=actor,
        subject=code.tie.student.subject,
        reason=reason,
        academy=code.tie.contact.school.academy.code,
    )


def purge() -> int:
    """Forget codes a month after their week."""
    return PairingCode.objects.filter(expires_at__lt=Now() - 30 * DAY).delete()[0]
