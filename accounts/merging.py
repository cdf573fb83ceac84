"""« Fusion de comptes »: one person, two accounts (SCREENS C7; SAFETY T42; docs/adr/0012).

Both accounts prove themselves: one is open here, the other shows its password, and its code where it asks for
one. What moves is shown before it is confirmed, moves in one transaction, and can be undone for thirty days.
Nobody gains what the other account had not: a role in the administration never moves, and an account that a
second factor protects is not put into one without.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.crypto import constant_time_compare
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from audit import journal
from notifications import outbox
from schools.models import StaffMember
from schools.person_names import comparison_key
from throttling import limits

from . import correspondence, links, moving, personal_data, recovery, school_resets, second_factor
from .models import Custody, Merge, MergedRow, Profile, User
from .models.merging import PROPOSAL_LIVES, UNDO_LIVES

KIND_MERGED = "accounts.merged"  # to both accounts, with the way to undo it
KIND_UNDONE = "accounts.merge_undone"  # to both accounts

MERGED = journal.register_act("account.merged", _("Deux comptes réunis"))
UNDONE = journal.register_act("account.merge_undone", _("Fusion de comptes annulée"))
FORGOTTEN = journal.register_act("account.merged_away", _("Compte fermé par une fusion effacé"))

PATIENCE = 30  # seconds of one call of purge(), well before its task would be cut


@dataclass(frozen=True)
class Objection:
    """Why two accounts are not put together, in words for who has proved to own both."""

    code: str
    sentence: str | Promise


class CannotMerge(Exception):
    """These two accounts are not put together."""

    def __init__(self, objection: Objection) -> None:
        super().__init__(objection.code)
        self.objection = objection


class Outdated(Exception):
    """Too late, replaced by another, or one of the accounts has changed meanwhile."""


class Changed(Exception):
    """Other things would move now than those that were shown."""


class ShutMeanwhile(Exception):
    """The account that stayed was suspended by staff: undoing would open what they have shut."""


class AnotherFirst(Exception):
    """The account that stayed was itself put into another since: that is undone first."""


SAME_ACCOUNT = Objection(
    "same_account", _("C’est le compte où vous êtes. Écrivez ce qui vous sert à ouvrir l’autre.")
)
HAS_ROLE = Objection(
    "has_role",
    _(
        "L’autre compte a un rôle dans l’administration : c’est lui qui doit rester. "
        "Connectez-vous à cet autre compte, et faites la fusion depuis là-bas."
    ),
)
LESS_PROTECTED = Objection(
    "less_protected",
    _(
        "L’autre compte demande un code en plus du mot de passe, et celui-ci non. Ajoutez d’abord un code à "
        "ce compte-ci, dans « Sécurité », ou faites la fusion depuis l’autre compte."
    ),
)
HELD = Objection(
    "held",
    _("Un de ces comptes est celui d’un enfant dont un responsable légal s’occupe : il reste à part."),
)
PUPIL_AND_ANOTHER = Objection(
    "pupil_and_another",
    _(
        "Un de ces comptes est celui d’un élève. Il ne peut être réuni qu’avec un autre compte du même "
        "élève : chaque enfant, chaque parent garde le sien."
    ),
)
TWO_PUPILS = Objection(
    "two_pupils",
    _(
        "Ces deux comptes ne portent pas le même nom d’élève. Si c’est bien la même personne, corrigez "
        "d’abord le nom dans « Mon compte », ou demandez à l’établissement de corriger sa fiche."
    ),
)
TWO_MEMBERS = Objection(
    "two_members",
    _(
        "Pour les établissements, ces deux comptes sont ceux de deux personnes. "
        "Si c’est une erreur, demandez au secrétariat de vérifier votre identifiant académique."
    ),
)

Check = Callable[[User, User], Objection | None]
_checks: list[Check] = []


def register(check: Check) -> None:
    """Add a reason why two accounts may not be put together. Called once, from an app's ``merging.py``.

    ``check(target, source)`` returns ``None`` where the app has nothing against it.
    """
    if check not in _checks:
        _checks.append(check)


def propose(*, user: User, source: User) -> Merge:
    """Keep that ``source``, whose password was just judged, may be put into ``user``.

    Raises :class:`CannotMerge`, and :class:`throttling.limits.Refused` after five a day.
    """
    if objection := objection_to(user, source):
        raise CannotMerge(objection)
    limits.hit(limits.Limit("accounts.merges", user.subject, 5, timedelta(days=1)))
    with transaction.atomic():
        User.objects.select_for_update().get(pk=user.pk)  # two tabs wait for each other
        Merge.objects.filter(target=user, made_at=None).delete()
        return Merge.objects.create(
            target=user,
            source=source,
            source_proof=source.get_session_auth_hash(),
            owes_code=second_factor.has_one(source),
        )


def show_code(merge: Merge, typed: str) -> bool:
    """Judge a code of the other account, of its app or a recovery code, as its sign-in does.

    Raises :class:`throttling.limits.Refused`.
    """
    if not second_factor.is_right(merge.source, typed):
        return False
    Merge.objects.filter(pk=merge.pk).update(owes_code=False)
    return True


def objection_to(target: User, source: User) -> Objection | None:
    """Return why ``source`` may not be put into ``target``, if there is a reason."""
    if source.pk == target.pk:
        return SAME_ACCOUNT
    if source.is_staff or source.is_superuser or source.staff_roles.exists():
        return HAS_ROLE
    if Custody.objects.open().filter(child__in=[source.pk, target.pk]).exists():
        return HELD
    if _is_pupil(source) or _is_pupil(target):
        if not (_is_pupil(source) and _is_pupil(target)):
            return PUPIL_AND_ANOTHER
        if not _are_one_pupil(source, target):
            return TWO_PUPILS
    if not _may_be_one_member(source.staff_member, target.staff_member):
        return TWO_MEMBERS
    if objection := next((said for check in _checks if (said := check(target, source))), None):
        return objection
    if second_factor.has_one(source) and not second_factor.has_one(target):
        return LESS_PROTECTED
    return None


def _is_pupil(user: User) -> bool:
    """Say whether an account is a pupil's: by a school's record, or by what its owner last said to be."""
    if user.student_id is not None:
        return True
    years = user.enrolments.order_by("-school_year", "-pk")
    return years.values_list("profile", flat=True).first() == Profile.STUDENT


def _are_one_pupil(one: User, other: User) -> bool:
    if one.student is not None and other.student is not None:
        records = [each.merged_into_id or each.pk for each in (one.student, other.student)]
        return records[0] == records[1]
    return bool(_names_of(one) & _names_of(other))


def _names_of(user: User) -> set[tuple[str, str]]:
    """Return what a pupil is called: by the school's record where there is one, else by themselves."""
    if (record := user.student) is None:
        names = {(user.first_name, user.last_name)}
    else:
        names = {(record.first_name, name) for name in (record.family_name, record.usage_name) if name}
    return {(comparison_key(first), comparison_key(last)) for first, last in names}


def _may_be_one_member(one: StaffMember | None, other: StaffMember | None) -> bool:
    if one is None or other is None or one.pk == other.pk:
        return True
    same_place = one.school.academy_id == other.school.academy_id
    return bool(one.identifier) and one.identifier == other.identifier and same_place


def proposed_to(user: User) -> Merge | None:
    """Return what waits to be confirmed by this account."""
    return Merge.objects.proposed().filter(target=user).select_related("source", "target").first()


def preview(merge: Merge) -> moving.Plan:
    """Return what would move and what would not, in words, if the merge were confirmed now."""
    what = moving.plan(merge.source, merge.target, personal_data.pointers())
    declared = []
    if merge.source.staff_member is not None and merge.target.staff_member is None:
        member = merge.source.staff_member
        declared.append(
            gettext("%(role)s, %(school)s") % {"role": member.get_role_display(), "school": member.school}
        )
    if merge.source.student is not None and merge.target.student is None:
        declared.append(gettext("La fiche d’élève de l’établissement"))
    return replace(what, moves=[*declared, *what.moves])


def confirm(merge: Merge, *, digest: str) -> None:
    """Put the two accounts together, exactly as it was shown; sent twice, it is done once.

    ``digest`` is that of the plan on the page. Both accounts are told. Raises :class:`Outdated`,
    :class:`CannotMerge`, and :class:`Changed` where the page has to be read again.
    """
    with transaction.atomic():
        locked = _lock(merge)
        if locked.made_at is not None:
            return
        source, target = locked.source, locked.target
        is_alive = Merge.objects.proposed().filter(pk=locked.pk, owes_code=False).exists()
        is_proved = constant_time_compare(locked.source_proof, source.get_session_auth_hash())
        if not (is_alive and is_proved and source.is_active and target.is_active):
            raise Outdated
        if objection := objection_to(target, source):
            raise CannotMerge(objection)
        pointers = personal_data.pointers()
        what = moving.plan(source, target, pointers)
        if not constant_time_compare(what.digest, digest):
            raise Changed
        places = _places(source) | _places(target)  # as they are before anything has moved
        moving.carry_out(locked, what, pointers)
        for name in ("staff_member_id", "student_id"):
            moving.hand_over(locked, name)
        if target.owes_address and target.address():
            moving.change(locked, "owes_address", False)
        User.objects.filter(pk=source.pk).update(is_active=False)
        proof = target.get_session_auth_hash()
        Merge.objects.filter(pk=locked.pk).update(made_at=Now(), target_proof=proof)
        moved = sorted({pointer.model._meta.model_name or "" for pointer, keys in what.going if keys})
        _note(MERGED, locked, actor=target.subject, fields=moved)
        _tell(KIND_MERGED, locked, places)


def undo(merge: Merge, *, actor: str) -> None:
    """Open the closed account again with all that is still as the merge left it, and note the rest.

    ``actor`` is the subject of who asks: the account that stayed, or the other one by the link of its letter.
    Sent twice, it is done once. Where the password that both opened with was changed since, by its owner, by
    a letter, by staff, or with all those of a school, the other account comes back without the one it had: a
    thief may know that too (SAFETY G16, T31). Raises :class:`Outdated` after thirty days,
    :class:`AnotherFirst`, and :class:`ShutMeanwhile`.
    """
    with transaction.atomic():
        locked = _lock(merge)
        if locked.undone_at is not None:
            return
        if not Merge.objects.made().filter(pk=locked.pk).exists():
            raise Outdated
        if Merge.objects.in_force().filter(source=locked.target).exists():
            raise AnotherFirst
        if not locked.target.is_active:
            raise ShutMeanwhile
        User.objects.filter(pk=locked.source_id).update(is_active=True)
        moving.give_back(locked)
        source = User.objects.get(pk=locked.source_id)  # as it is with what it has again
        is_sealed = _is_to_be_sealed(locked, source)
        if is_sealed:
            recovery.close(source)
        Merge.objects.filter(pk=locked.pk).update(undone_at=Now(), is_sealed=is_sealed)
        _note(UNDONE, locked, actor=actor, fields=["password"] if is_sealed else [])
        _tell(KIND_UNDONE, locked, _places(locked.source) | _places(locked.target))


def _is_to_be_sealed(merge: Merge, source: User) -> bool:
    """Say whether what opened the closed account is to open it no more.

    The account that stayed was given another password, or all its sessions were ended; or a school that the
    closed one belongs to was reset meanwhile, or its own password was closed there.
    """
    now = [merge.target.get_session_auth_hash(), *merge.target.get_session_auth_fallback_hash()]
    is_as_it_was = any(constant_time_compare(merge.target_proof, each) for each in now)
    was_closed = not source.has_usable_password()
    return was_closed or not is_as_it_was or school_resets.has_met(source, since=merge)


def _lock(merge: Merge) -> Merge:
    """Lock both accounts, then the merge: of two that take each other at once, one waits."""
    wanted = [merge.source_id, merge.target_id]
    people = {each.pk: each for each in User.objects.select_for_update().filter(pk__in=wanted).order_by("pk")}
    locked = Merge.objects.select_for_update().filter(pk=merge.pk).first()
    if locked is None or len(people) != 2:
        raise Outdated
    locked.source, locked.target = people[locked.source_id], people[locked.target_id]
    return locked


def _note(act: str, merge: Merge, *, actor: str, fields: list[str] | None = None) -> None:
    for user in (merge.target, merge.source):
        journal.record(act=act, actor=actor, subject=user.subject, fields=fields or [])


def _places(user: User) -> dict[tuple[str, outbox.Channel], str]:
    """Return where an account is written to, by mail or else by SMS, and in which language."""
    if address := user.address():
        return {(address, outbox.Channel.MAIL): user.language}
    return {(number, outbox.Channel.SMS): user.language for number in correspondence.numbers_of(user)}


def _tell(kind: str, merge: Merge, places: dict[tuple[str, outbox.Channel], str]) -> None:
    for (to, channel), language in places.items():
        outbox.post(kind=kind, reference=str(merge.public_id), to=to, channel=channel, language=language)


def by_link(token: str) -> Merge | None:
    """Return the merge that the link of a letter speaks of, within its thirty days; changes nothing."""
    public_id = links.public_id(token)
    if public_id is None:
        return None
    merge = Merge.objects.made().filter(public_id=public_id).select_related("source", "target").first()
    return merge if merge is not None and links.opens(token, KIND_MERGED, merge) else None


def undoable_by(user: User) -> list[Merge]:
    """Return what this account may still undo, the last one first."""
    return list(Merge.objects.made().in_force().filter(target=user).order_by("-made_at"))


def is_closed_by_one(user: User) -> bool:
    """Say whether an account is closed because it was put into another."""
    return Merge.objects.in_force().filter(source=user).exists()


def moved_by(merge: Merge) -> list[str]:
    """Return in words what a merge has moved and an undo did not leave, as far as it is still there."""
    return _in_words(MergedRow.objects.filter(merge=merge, is_left=False))


def left_by(merge: Merge) -> list[str]:
    """Return in words what an undo left where it was: it has changed since the merge."""
    return _in_words(MergedRow.objects.filter(merge=merge, is_left=True))


def _in_words(rows: QuerySet[MergedRow]) -> list[str]:
    found = list(rows)
    declared = [gettext("La fiche de l’établissement")] if any(row.handed_by for row in found) else []
    return [*declared, *moving.words_of(found, personal_data.pointers())]


def purge() -> None:
    """Forget what nobody confirmed; erase what a merge closed and can be undone no more (SAFETY G13)."""
    Merge.objects.filter(made_at=None, proposed_at__lte=Now() - PROPOSAL_LIVES).delete()
    old = Merge.objects.filter(made_at__lte=Now() - UNDO_LIVES)
    old.exclude(undone_at=None).delete()
    stop = time.monotonic() + PATIENCE
    for merge in old.select_related("source").order_by("made_at").iterator(chunk_size=200):
        if time.monotonic() > stop:
            break
        with transaction.atomic():
            journal.record(act=FORGOTTEN, actor="system", subject=merge.source.subject)
            personal_data.erase(merge.source)
