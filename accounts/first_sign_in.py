"""The first sign-in to the ENT: a letter of the school opens an account (SCREENS C2 to C4).

Whoever holds the letter types its code, at the door or on the letter's own page. The account that the
school's record has already is adopted, else made: exactly one, whatever is clicked twice (SAFETY F14). The
code then stands for the password until one is chosen, for a week, so that the steps can be taken up at
another computer.

A new letter for somebody who has an account is a new beginning: the former password is gone and the sessions
end. It never reaches further than the school that gave it: an account with rights elsewhere is opened by its
own password alone, and the letter then adds the school to it (SAFETY T35, T50).
"""

from __future__ import annotations

import hashlib
import hmac
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from allauth.account.models import EmailAddress
from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from audit import journal
from schools.letters import codes
from schools.letters.codes import Audience
from schools.models import StaffMember, Student
from schools.school_year import today
from throttling.clients import client_address

from . import belonging, custody, open_sessions, otp_keys, recovery, sessions
from .ages import DIGITAL_MAJORITY, MAJORITY, has_reached
from .backends import forget_guesses
from .models import (
    MCM,
    PUPILS,
    AddressChange,
    ContactPreferences,
    FirstSignIn,
    OtherPost,
    RecoveryRequest,
    SignInName,
    SmsNumber,
    User,
    staff_door,
)
from .models.first_sign_in import A_WEEK

OURS = frozenset({Audience.PUPIL, Audience.STAFF})  # letters of guardians are typed elsewhere

MADE = journal.register_act("first_sign_in.made", _("Compte de l’ENT créé avec une lettre ou l’académie"))
ADOPTED = journal.register_act("first_sign_in.adopted", _("Compte relié à l’ENT"))
OPENED_ANEW = journal.register_act("first_sign_in.opened_anew", _("Compte rouvert avec une nouvelle lettre"))
VOUCHED = journal.register_act(
    "first_sign_in.vouched", _("Compte d’une lettre rendu à qui l’académie reconnaît")
)
POST_ADDED = journal.register_act("post.added", _("Établissement ajouté au compte d’un personnel"))


class Refusal(Exception):
    """Nobody is let in by this; ``why`` names it for the page."""

    why = ""


class HasAccount(Refusal):
    """The account reaches further than this letter: its own password opens it."""

    why = "has_account"


class HasServed(Refusal):
    """A password was chosen with this very code."""

    why = "has_served"


class TwoAccounts(Refusal):
    """The school's record and the identifier belong to two accounts."""

    why = "two_accounts"


class Suspended(Refusal):
    """The account was suspended by staff: a letter does not open it."""

    why = "suspended"


@dataclass(frozen=True)
class _Door:
    """What an account gets: a name at a door, and the record of a school."""

    authority: str
    name: str
    member: StaffMember | None = None
    student: Student | None = None

    def owners(self) -> QuerySet[User]:
        """Return the accounts that this is of already."""
        if self.member is not None:
            ways = [Q(staff_member=self.member), Q(other_posts__staff_member=self.member)]
        else:
            ways = [Q(student=self.student), Q(student__merged_into=self.student)]
        if self.name:
            ways.append(Q(sign_in_names__authority=self.authority, sign_in_names__name=self.name))
        return User.objects.found_by(*ways)


def by_letter(
    request: HttpRequest, *, identifier: str, typed: str, browser: str, audiences: frozenset[Audience] = OURS
) -> HttpResponse:
    """Spend the code of a letter, and let its owner in; one that was left half-way goes on.

    ``browser`` is the hash of the browser's number. Raises :class:`schools.letters.codes.Mistyped`,
    :class:`schools.letters.codes.WrongCode` and :class:`throttling.limits.Refused`.
    """
    code, name = codes.read(typed), identifier.strip().lower()
    client = client_address(request)
    try:
        spent = codes.spend(
            identifier=name, code=code, audiences=audiences, client=browser or client, network=client
        )
    except codes.WrongCode:
        under_way = _under_way(name, code)
        if under_way is None:
            raise
        return sessions.sign_in(request, under_way)
    if spent.student is not None:
        return begin_for_pupil(request, spent.student, initial=code)
    assert spent.staff_member is not None  # by the audiences
    authority = staff_door(spent.staff_member.school.academy.code)
    return begin_for_staff(request, spent.staff_member, authority, initial=code)


def _under_way(name: str, code: str) -> User | None:
    """Return whose first sign-in was begun with this code, as long as no password has taken its place.

    Nobody's, once the account was closed with its school or by staff: the code is closed with it (G16). Nor
    of somebody whom a school has given more since.
    """
    begun = User.objects.filter(
        first_sign_in__in=FirstSignIn.objects.good().filter(code_digest=_digest(code)),
        owes_password=True,
        is_active=True,
        sign_in_names__name=name,
    ).first()
    return begun if begun is not None and begun.has_usable_password() else None


def is_outgrown(user: User) -> bool:
    """Say whether the code that opened this session is to open nothing more: its owner may do more since."""
    return user.owes_password and FirstSignIn.objects.outgrown().filter(user=user).exists()


def begin_for_staff(
    request: HttpRequest, staff_member: StaffMember, authority: str, *, initial: str = ""
) -> HttpResponse:
    """Sign in a member of the staff, whose account is adopted or made; lead to the steps that are due.

    ``authority`` is that of the académie's door. ``initial`` is the code of the letter they came with, which
    stands for a password until they choose one; without it the académie itself vouches for them, for each
    school that writes their identifier. Who may not come in by this reads why, and what to do.
    """
    door = _Door(authority, staff_member.identifier.strip().lower(), member=staff_member)
    return _begin(request, door, initial)


def begin_for_pupil(request: HttpRequest, student: Student, *, initial: str = "") -> HttpResponse:
    """Do the same for a pupil, at the pupils' door; a record that was merged leads to the one that counts."""
    student = student.merged_into or student
    return _begin(request, _Door(PUPILS, student.identifier, student=student), initial)


def _begin(request: HttpRequest, door: _Door, initial: str) -> HttpResponse:
    here = request.user if isinstance(request.user, User) else None
    hashed = make_password(initial or None)  # before any row is locked
    for last_try in (False, True):
        try:
            user = _settle(door, initial, hashed, here)
            break
        except IntegrityError:  # another browser, or another school's letter, was there at this moment
            if last_try:
                raise
        except Refusal as refusal:
            return render(request, "accounts/ent/no_entry.html", _told(refusal, door), status=409)
    if here is not None and here.pk == user.pk:
        if door.member is None or door.member.pk == user.staff_member_id:
            return redirect("my_space")
        belonging.ask_again(user, request.session)
        return redirect("school", public_id=door.member.school.public_id)  # which says who one is there
    if initial:
        forget_guesses(user)  # they were at another password
    return sessions.sign_in(request, user)


def _told(refusal: Refusal, door: _Door) -> dict[str, Any]:
    """Return why nobody was let in, where their own password is typed, and whose counter helps."""
    if door.member is None:
        sign_in, recover = reverse("pupil_sign_in"), reverse("pupil_recover")
    else:
        code = door.member.school.academy.code
        sign_in, recover = reverse("staff_sign_in", args=[code]), reverse("staff_recover", args=[code])
    if isinstance(refusal, HasAccount):
        sign_in += f"?{urlencode({'next': reverse('type_letter')})}"
    academy = door.member.school.academy if door.member else None
    return {"why": refusal.why, "sign_in_url": sign_in, "recover_url": recover, "academy": academy}


@transaction.atomic
def _settle(door: _Door, initial: str, hashed: str, here: User | None) -> User:
    """Return the one account of a school's record, as it has to be for who came now."""
    _lock_record(door)
    keys = list(door.owners().order_by("pk").values_list("pk", flat=True)[:2])
    if len(keys) > 1:
        raise TwoAccounts
    if not keys:
        return _make(door, initial, hashed)
    user = User.objects.select_for_update(of=("self",)).get(pk=keys[0])
    if not user.is_active:
        raise Suspended
    if here is not None and here.pk == user.pk:
        return _adopt(user, door, vouched=not initial)
    if not initial:
        return _adopt_as_vouched(user, door)
    before = FirstSignIn.objects.filter(user=user).first()
    if before is not None and hmac.compare_digest(before.code_digest, _digest(initial)):
        if not (user.owes_password and user.has_usable_password()):
            raise HasServed
        return user  # sent twice, or come back from a crash
    if _reaches_further(user, door):
        raise HasAccount
    return _open_anew(_adopt(user, door), initial, hashed)


def _lock_record(door: _Door) -> None:
    """Let those who come with the record of one person wait for each other."""
    if door.member is not None:
        StaffMember.objects.select_for_update(no_key=True).get(pk=door.member.pk)
    elif door.student is not None:
        Student.objects.select_for_update(no_key=True).get(pk=door.student.pk)


def _make(door: _Door, initial: str, hashed: str) -> User:
    record = door.member or door.student
    assert record is not None
    user = User(
        first_name=record.first_name,
        last_name=door.student.usage_name or door.student.family_name if door.student else record.family_name,
        language=get_language() or "fr",
        password=hashed,
        staff_member=door.member,
        student=door.student,
        owes_password=bool(initial),
        held_by_guardians=_may_be_held(door.student),
    )
    user.owes_contact = door.student is None or custody.is_of_age(user, DIGITAL_MAJORITY)
    user.save(force_insert=True)
    if door.student is not None and custody.is_of_age(user, DIGITAL_MAJORITY):
        custody.needs_no_word_of_fifteen(user)
    _give_name(user, door)
    if initial:
        FirstSignIn.objects.create(user=user, code_digest=_digest(initial))
    else:
        _add_every_post(user, door)
    journal.record(act=MADE, actor=user.subject, subject=user.subject, academy=_academy_of(door))
    return user


def _adopt(user: User, door: _Door, *, vouched: bool = False) -> User:
    """Tie an account to the record and give it the name at this door; twice is once."""
    if door.member is not None:
        _add_post(user, door.member)
        if vouched:
            _add_every_post(user, door)
    elif user.student_id is None:
        user.student = door.student
        user.save(update_fields=["student"])
    if _give_name(user, door):
        user.owes_contact = door.student is None or custody.is_of_age(user, DIGITAL_MAJORITY)
        user.held_by_guardians = user.held_by_guardians or _may_be_held(door.student)
        user.save(update_fields=["owes_contact", "held_by_guardians"])
        journal.record(act=ADOPTED, actor=user.subject, subject=user.subject, academy=_academy_of(door))
    return user


def _adopt_as_vouched(user: User, door: _Door) -> User:
    """Adopt the account of whom the académie has just vouched for.

    Any head may write any identifier into a file and keep the account that its letter opens: before the
    académie's word adds other schools to it, all that the letter had opened is closed, and where to reach
    its owner is asked again (SAFETY T24, T50). It is told where letters went until now.
    """
    before = set(user.posts().values_list("school", flat=True))
    user = _adopt(user, door, vouched=True)
    added = set(user.posts().values_list("school", flat=True)) - before
    letters = FirstSignIn.objects.filter(user=user)
    if not added or not letters.exists() or user.is_staff:
        return user
    recovery.tell_of_new_password(user)
    user.close_password()
    user.owes_password = user.owes_contact = True
    user.save(update_fields=["password", "owes_password", "owes_contact"])  # which ends every session
    letters.update(until=Now())
    RecoveryRequest.objects.filter(user=user, used_at=None).update(used_at=Now())
    AddressChange.objects.filter(user=user).delete()
    EmailAddress.objects.filter(user=user).delete()
    SmsNumber.objects.filter(user=user).delete()
    ContactPreferences.objects.filter(user=user).update(sms_mobile="")
    otp_keys.remove(user)
    open_sessions.close_all(user)
    journal.record(
        act=VOUCHED, actor=user.subject, subject=user.subject, fields=["password"], academy=_academy_of(door)
    )
    return user


def _may_be_held(student: Student | None) -> bool:
    """Say whether guardians hold the account that a letter opens: a child who forgot asks at home."""
    return student is not None and not has_reached(student.birth_date, MAJORITY, today())


def _give_name(user: User, door: _Door) -> bool:
    if not door.name:
        return False
    given, is_new = SignInName.objects.get_or_create(
        authority=door.authority, name=door.name, defaults={"user": user}
    )
    if given.user_id != user.pk:
        raise IntegrityError("given to somebody else at this moment")
    return is_new


def _add_post(user: User, member: StaffMember) -> None:
    """Add what one school says of them; the first is the account's own."""
    if user.staff_member_id == member.pk or OtherPost.objects.filter(staff_member=member).exists():
        return
    if user.staff_member_id is None:
        user.staff_member = member
        user.save(update_fields=["staff_member"])
    else:
        OtherPost.objects.create(user=user, staff_member=member)
    journal.record(
        act=POST_ADDED, actor=user.subject, subject=user.subject, academy=member.school.academy.code
    )


def _add_every_post(user: User, door: _Door) -> None:
    """Add each school that writes the identifier which the académie has just vouched for."""
    if door.member is None:
        return
    free = StaffMember.objects.same_person_as(door.member).filter(account=None, other_post=None)
    for member in free.select_related("school__academy").order_by("pk"):
        _add_post(user, member)


def _reaches_further(user: User, door: _Door) -> bool:
    """Say whether an account gives more than this school's record does: its letter is no proof for that.

    Roles in the administration, another school that declares the person, another door of the ENT.
    """
    if user.is_staff or user.sign_in_names.exclude(authority__in=(MCM, door.authority)).exists():
        return True
    member = door.member
    if member is None:
        return user.staff_member_id is not None
    schools = set(user.posts().values_list("school", flat=True))
    # With a name at this door and no school left, they came with another one's letter.
    return user.student_id is not None or schools != {member.school_id}


def _open_anew(user: User, initial: str, hashed: str) -> User:
    """Begin again: the former password is gone, sessions end, links that wait are dead; it is told."""
    user.password = hashed
    user.owes_password = True
    user.save(update_fields=["password", "owes_password"])  # which ends every session
    RecoveryRequest.objects.filter(user=user, used_at=None).update(used_at=Now())
    AddressChange.objects.filter(user=user).delete()
    otp_keys.remove(user)
    open_sessions.close_all(user)
    FirstSignIn.objects.update_or_create(
        user=user,
        defaults={"code_digest": _digest(initial), "until": Now() + A_WEEK, "password_chosen_at": None},
    )
    recovery.tell_of_new_password(user)
    journal.record(act=OPENED_ANEW, actor=user.subject, subject=user.subject, fields=["password"])
    return user


def _digest(code: str) -> str:
    text = f"accounts.first_sign_in|{code}".encode()
    return hmac.new(settings.LINK_KEY.encode(), text, hashlib.sha256).hexdigest()


def _academy_of(door: _Door) -> str:
    return door.member.school.academy.code if door.member else ""
