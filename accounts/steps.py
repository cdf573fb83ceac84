"""What a person must do before going on: new terms, a new school year; later a charter, a password…

Any app registers its steps in a module ``steps.py``; :class:`accounts.middleware.StepsMiddleware`
leads to the first one that is due, whatever address was typed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.contrib.sessions.backends.base import SessionBase
from django.utils.translation import get_language

from . import second_factor, standing
from .models import PolicyDocument, User

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


def next_due(user: User, session: SessionBase) -> Step | None:
    """Return the first step that this person still has to take in this session."""
    taken = session.get(TAKEN, ())
    return next((step for step in _steps if step.page not in taken and step.is_due(user)), None)


def took(page: str, session: SessionBase) -> None:
    """Note that a step was taken in this session: it does not come back before the next sign-in."""
    session[TAKEN] = [*session.get(TAKEN, ()), page]


def is_taken(page: str, session: SessionBase) -> bool:
    """Say whether it was."""
    return page in session.get(TAKEN, ())


def terms_to_accept(user: User) -> PolicyDocument | None:
    """Return the terms in force if this person has not accepted them (SCREENS A3)."""
    # Asked at each request: a version that comes into force acts on open sessions too.
    if not standing.of(user).owes_consent:
        return None
    return PolicyDocument.objects.to_accept(PolicyDocument.Kind.TERMS, user, get_language() or "fr").first()


def needs_renewal(user: User) -> bool:
    """Say whether this person has no enrolment for the school year that runs (SCREENS A8).

    Staff need none: they keep their account for their role. Nor do those who have no name at the door
    of « Ma classe à la maison »: they come for something else.
    """
    stands = standing.of(user)
    return not user.is_staff and stands.is_in_mcm and not stands.enrolments


register(Step(order=10, page="accept_terms", is_due=lambda user: standing.of(user).owes_consent))
register(Step(order=20, page="security_set_up", is_due=second_factor.is_due))
register(Step(order=80, page="own_address", is_due=lambda user: user.owes_address))
register(Step(order=90, page="renew", is_due=needs_renewal))
