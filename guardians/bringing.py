"""« Ajout d’un élève depuis un autre compte »: one person, two accounts (SCREENS D10).

Both accounts prove themselves; what moves is shown before it is confirmed; it can be undone for thirty days.
The children are a person's, by the records of their schools: an account of another name brings none here.
FranceConnect, where it opened the other account, opens this one from then on, and the other one again when
the move is undone.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction
from django.db.models.functions import Now
from django.utils.crypto import constant_time_compare
from django.utils.translation import gettext_lazy as _

from accounts import second_factor
from accounts.models import User
from audit import journal
from schools.models import GuardianContact, School, Student
from throttling import limits

from . import children_accounts, mobiles
from .activation import DAY
from .identifiers import EDUCONNECT
from .matching import same_family_name, same_first_name
from .models import (
    PROPOSAL_LIVES,
    UNDO_LIVES,
    ChildrenMove,
    ContactAccount,
    FranceConnectAccount,
    Guardianship,
)

KIND_BROUGHT = "guardians.children_brought"  # to both accounts
KIND_RETURNED = "guardians.children_returned"  # to both accounts

BROUGHT = journal.register_act("guardian.child_brought", _("Élève rattaché depuis un autre compte"))
RETURNED = journal.register_act("guardian.child_returned", _("Élève rendu à l’autre compte"))


class SameAccount(Exception):
    """The other account is the one that is open here."""


class HasSecondFactor(Exception):
    """The other account asks for a code as well, which is not gone round here."""


class NothingToBring(Exception):
    """The other account has no child now."""


class AnotherPerson(Exception):
    """By the schools' records the two accounts are two people's."""


class Outdated(Exception):
    """Too late, replaced by another, or one of the accounts has changed meanwhile."""


@dataclass(frozen=True)
class Child:
    """A child of the other account, and the schools it is tied by."""

    name: str
    schools: tuple[School, ...]


def propose(user: User, source: User) -> ChildrenMove:
    """Keep what would move from ``source``, whose password was just judged, to ``user``.

    Raises :class:`SameAccount`, :class:`HasSecondFactor`, :class:`AnotherPerson`, :class:`NothingToBring`,
    and :class:`throttling.limits.Refused` after five a day.
    """
    if source.pk == user.pk:
        raise SameAccount
    if second_factor.has_one(source):
        raise HasSecondFactor
    found = list(Guardianship.objects.in_force().filter(user=source).select_related("tie").order_by("pk"))
    if not found:
        raise NothingToBring
    if not are_one_person(user, source):
        raise AnotherPerson
    limits.hit(limits.Limit("guardians.children_moves", user.subject, 5, DAY))
    contacts = ContactAccount.objects.filter(user=source, contact__in=[each.tie.contact_id for each in found])
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # two tabs wait for each other
        ChildrenMove.objects.filter(user=user, made_at=None).delete()
        return ChildrenMove.objects.create(
            user=user,
            source=source,
            source_proof=source.get_session_auth_hash(),
            guardianships=[each.pk for each in found],
            contacts=sorted(contacts.values_list("contact", flat=True)),
            franceconnect=sorted(source.franceconnect_accounts.values_list("pk", flat=True)),
        )


def are_one_person(user: User, source: User) -> bool:
    """Compare what schools say of both, never what the accounts say: their owners write that themselves."""
    theirs = list(GuardianContact.objects.filter(account__user=source).exclude(first_name=""))
    mine = GuardianContact.objects.filter(account__user=user).exclude(first_name="")
    return any(
        any(same_family_name(name, contact) for name in (each.family_name, each.usage_name) if name)
        and same_first_name(each.first_name, contact.first_name)
        for each in mine
        for contact in theirs
    )


def children_of(guardianships: list[int]) -> list[Child]:
    """Return the children behind guardianships, each once, as far as the schools still say so (T15)."""
    found: dict[int, Child] = {}
    rows = (
        Guardianship.objects.in_force()
        .filter(pk__in=guardianships)
        .select_related("tie__student", "tie__contact__school")
        .order_by("tie__student__first_name", "pk")
    )
    for row in rows:
        known = found.get(row.tie.student_id)
        schools = (*(known.schools if known else ()), row.tie.contact.school)
        found[row.tie.student_id] = Child(str(row.tie.student), schools)
    return list(found.values())


def proposed_to(user: User) -> ChildrenMove | None:
    """Return what waits to be confirmed by this account."""
    return ChildrenMove.objects.proposed().filter(user=user).select_related("source").first()


def confirm(move: ChildrenMove) -> None:
    """Move exactly what was shown; sent twice, it is done once. Both accounts are told.

    Raises :class:`Outdated`, also where a child or a record is no longer the other account's.
    """
    with transaction.atomic():
        # In one order: of two accounts that take each other's children at once, one waits.
        people = {each.pk: each for each in _locked(move)}
        locked = ChildrenMove.objects.select_for_update().filter(pk=move.pk).first()
        if locked is None or len(people) != 2:
            raise Outdated
        if locked.made_at is not None:
            return
        source, user = people[locked.source_id], people[locked.user_id]
        is_alive = ChildrenMove.objects.proposed().filter(pk=locked.pk).exists()
        is_proved = constant_time_compare(locked.source_proof, source.get_session_auth_hash())
        if not (is_alive and is_proved and source.is_active) or second_factor.has_one(source):
            raise Outdated
        ties = Guardianship.objects.in_force().filter(pk__in=locked.guardianships, user=source)
        known = ContactAccount.objects.filter(contact__in=locked.contacts, user=source)
        ways = FranceConnectAccount.objects.filter(pk__in=locked.franceconnect, user=source)
        shown = ((ties, locked.guardianships), (known, locked.contacts), (ways, locked.franceconnect))
        if any(rows.count() != len(keys) for rows, keys in shown):
            raise Outdated
        numbers = [mobiles.of(source), mobiles.of(user)]  # each with the records it still has
        # A record moves with all that it may give again: a tie that the school took away for a moment too.
        asleep = Guardianship.objects.filter(user=source, tie__contact__in=locked.contacts)
        all_keys = sorted({*locked.guardianships, *asleep.values_list("pk", flat=True)})
        _give(locked, all_keys, to=user, act=BROUGHT, by=user)
        known.update(user=user)
        ways.update(user=user)  # or FranceConnect would open an account without children
        ChildrenMove.objects.filter(pk=locked.pk).update(made_at=Now(), guardianships=all_keys)
        _tell(locked, KIND_BROUGHT, (source, numbers[0]), (user, numbers[1]))


def undo(move: ChildrenMove, by: User) -> None:
    """Give back what is still as the move left it, and note the rest; either account may ask.

    Sent twice, it is done once. Raises :class:`Outdated` after thirty days, and where the other account is
    closed.
    """
    with transaction.atomic():
        people = {each.pk: each for each in _locked(move)}
        locked = ChildrenMove.objects.select_for_update().filter(pk=move.pk).first()
        if locked is None or len(people) != 2 or not people[locked.source_id].is_active:
            raise Outdated
        if locked.undone_at is not None:
            return
        if not ChildrenMove.objects.made().filter(pk=locked.pk).exists():
            raise Outdated
        source, user = people[locked.source_id], people[locked.user_id]
        still = list(
            Guardianship.objects.filter(pk__in=locked.guardianships, user=user).values_list("pk", flat=True)
        )
        _give(locked, still, to=source, act=RETURNED, by=by)
        ContactAccount.objects.filter(contact__in=locked.contacts, user=user).update(user=source)
        FranceConnectAccount.objects.filter(pk__in=locked.franceconnect, user=user).update(user=source)
        left = sorted(set(locked.guardianships) - set(still))
        ChildrenMove.objects.filter(pk=locked.pk).update(undone_at=Now(), left_behind=left)
        _tell(locked, KIND_RETURNED, (source, mobiles.of(source)), (user, mobiles.of(user)))


def _locked(move: ChildrenMove) -> list[User]:
    wanted = [move.source_id, move.user_id]
    return list(User.objects.select_for_update().filter(pk__in=wanted).order_by("pk"))


def _give(move: ChildrenMove, guardianships: list[int], *, to: User, act: str, by: User) -> None:
    rows = Guardianship.objects.filter(pk__in=guardianships)
    for each in rows.select_related("tie__student", "tie__contact__school__academy").order_by("pk"):
        journal.record(
            act=act,
            actor=by.subject,
            subject=each.tie.student.subject,
            academy=each.tie.contact.school.academy.code,
        )
    rows.update(user=to)
    for student in Student.objects.filter(ties__guardianship__in=guardianships).distinct():
        children_accounts.share_of(student)
    fields = ["guardianships", *(["franceconnect"] if move.franceconnect else [])]
    for user in (move.user, move.source):
        journal.record(act=act, actor=by.subject, subject=user.subject, fields=fields)


def _tell(move: ChildrenMove, kind: str, *told: tuple[User, str]) -> None:
    """Write to each account once: by mail, and by SMS where it has no address."""
    written: set[str] = set()
    for user, number in told:
        numbers = [] if user.address() or number in written else [number]
        written |= set(numbers)
        mobiles.tell(user, kind=kind, reference=str(move.public_id), numbers=numbers)


def went_to(user: User) -> str:
    """Return the identifier of the account that this one's children were brought to; empty if none were.

    For who comes to the account they left, by a bookmark or a password that the browser knew.
    """
    found = ChildrenMove.objects.made().filter(source=user, undone_at=None, user__is_active=True)
    last = found.select_related("user").order_by("-made_at").first()
    names = last.user.sign_in_names.filter(authority=EDUCONNECT) if last else None
    return "" if names is None else names.values_list("name", flat=True).first() or ""


def undoable_by(user: User) -> list[ChildrenMove]:
    """Return what this account may still undo, the last one first."""
    found = ChildrenMove.objects.made().of(user).filter(undone_at=None, source__is_active=True)
    return list(found.order_by("-made_at"))


def purge() -> int:
    """Forget what nobody confirmed, and what can be undone no more."""
    late = ChildrenMove.objects.filter(made_at=None, proposed_at__lte=Now() - PROPOSAL_LIVES)
    old = ChildrenMove.objects.filter(made_at__lte=Now() - UNDO_LIVES)
    return late.delete()[0] + old.delete()[0]
