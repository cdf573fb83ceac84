"""What a person must do before going on: new terms, a charter, a password, a new school year…

Any app registers its steps in a module ``steps.py``; :class:`accounts.middleware.StepsMiddleware`
leads to the first one that is due, whatever address was typed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib.sessions.backends.base import SessionBase
from django.utils.translation import get_language

from schools.school_year import today

from . import second_factor, standing
from .models import PUPILS, PolicyDocument, User, is_staff_door, texts_now, versions_that_do

TAKEN = "steps.taken"  # in a session: the pages of the steps that are due once in each
_steps: list[Step] = []


@dataclass(frozen=True)
class Step:
    """One thing to do: due or not for a person, and the page (a URL name) where it is done.

    Its page may call :func:`took`: then it is over for this session, whatever ``is_due`` says.
    """

    order: int
    page: str
    is_due: Callable[[User], bool]


def register(step: Step) -> None:
    """Add a step. Called once, from an app's ``steps.py``."""
    _steps.append(step)
    _steps.sort(key=lambda each: each.order)


def registered() -> tuple[Step, ...]:
    """Return every step, in order."""
    return tuple(_steps)


def is_one(page: str) -> bool:
    """Say whether a page is that of a step."""
    return any(step.page == page for step in _steps)


def next_due(user: User, session: SessionBase, *, before: str = "") -> Step | None:
    """Return the first step that this person still has to take in this session.

    ``before`` is the page of a step: only those in front of it are asked about.
    """
    taken = session.get(TAKEN, ())
    for step in _steps:
        if step.page == before:
            return None
        if step.page not in taken and step.is_due(user):
            return step
    return None


def took(page: str, session: SessionBase) -> None:
    """Note that a step was taken in this session: it does not come back before the next sign-in."""
    session[TAKEN] = [*session.get(TAKEN, ()), page]


def is_taken(page: str, session: SessionBase) -> bool:
    """Say whether it was."""
    return page in session.get(TAKEN, ())


def terms_to_accept(user: User) -> PolicyDocument | None:
    """Return the terms in force if this person has not accepted them (SCREENS A3)."""
    # Asked at each request: a version that comes into force acts on open sessions too.
    if not owes_terms(user):
        return None
    return PolicyDocument.objects.to_accept(PolicyDocument.Kind.TERMS, user, get_language() or "fr").first()


def owes_terms(user: User) -> bool:
    """Say whether this person has to accept the terms of « Ma classe à la maison » (SCREENS A3).

    Not who comes by the doors of the ENT alone: a charter is theirs, and a pupil's use of it rests on the
    school's mission, so that no child waits there for a parent's consent.
    """
    stands = standing.of(user)
    return stands.owes_consent and not (stands.doors and all(map(is_of_the_ent, stands.doors)))


def is_of_the_ent(authority: str) -> bool:
    """Say whether a door is one of those with a first sign-in in three steps (SCREENS C3 to C5)."""
    return authority == PUPILS or is_staff_door(authority)


def charter_of(user: User) -> str:
    """Return the kind of the charter of somebody's audience, the staff's or the pupils'; empty for others."""
    doors = standing.of(user).doors
    if any(map(is_staff_door, doors)):
        return PolicyDocument.Kind.CHARTER_STAFF
    return PolicyDocument.Kind.CHARTER_PUPILS if PUPILS in doors else ""


def owes_charter(user: User) -> bool:
    """Say whether a charter of theirs is in force that this person has not accepted (SCREENS C3).

    Asked at each page, and it costs none: what somebody has accepted comes with their session.
    """
    kind = charter_of(user)
    if not kind or not standing.of(user).accepted.isdisjoint(versions_that_do(kind, today())):
        return False
    return bool(texts_now(kind, get_language() or "fr", today()))


def charter_to_accept(user: User) -> PolicyDocument | None:
    """Return the charter in force of the pupils, or of the staff, if this person has not accepted it."""
    language = get_language() or "fr"
    if not owes_charter(user):
        return None
    return texts_now(charter_of(user), language, today())[0]


def needs_renewal(user: User) -> bool:
    """Say whether this person has no enrolment for the school year that runs (SCREENS A8).

    Staff need none: they keep their account for their role. Nor do those who have no name at the door
    of « Ma classe à la maison »: they come for something else.
    """
    stands = standing.of(user)
    return not user.is_staff and stands.is_in_mcm and not stands.enrolments


register(Step(order=10, page="accept_terms", is_due=owes_terms))
register(Step(order=20, page="security_set_up", is_due=second_factor.is_due))
register(Step(order=30, page="first_charter", is_due=owes_charter))
register(Step(order=40, page="first_password", is_due=lambda user: user.owes_password))
register(Step(order=50, page="first_contact", is_due=lambda user: user.owes_contact))
register(Step(order=80, page="own_address", is_due=lambda user: user.owes_address))
register(Step(order=90, page="renew", is_due=needs_renewal))
