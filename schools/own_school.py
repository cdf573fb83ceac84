"""« Mon établissement »: the pages of who looks after one school, and the one way through them.

The head has all of them; a member of the staff has those of the areas that the head gave them
(:mod:`accounts.powers`). Any app registers its pages in a module ``own_school.py``; they stand in the
navigation of each of them, and with their numbers on the first page.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from .models import School

IN_TABS = "school_in_tabs"  # on a request: the school that the pages of the navigation are about
# accounts.powers.Power, of a floor above.
SEE_SCHOOL, IMPORT_ROSTERS, GIVE_LETTERS = "see_school", "import_rosters", "give_letters"


@dataclass(frozen=True)
class Figure:
    """A number of a school and what it counts. ``more``: there are more, nobody counted to the end."""

    label: str
    value: int
    more: bool = False


def _nothing(_school: School) -> Sequence[Figure]:
    return ()


@dataclass(frozen=True, kw_only=True)
class Page:
    """A page, by the name of its address, for who has ``power`` over a school of their own.

    ``says`` is a sentence on what one does there; ``figures`` costs one statement at most.
    """

    order: int
    name: str
    label: str | Promise
    says: str | Promise
    power: str
    figures: Callable[[School], Sequence[Figure]] = _nothing

    @property
    def address(self) -> str:
        """Where it is."""
        return reverse(self.name)


_pages: list[Page] = []


def register(page: Page) -> None:
    """Add a page. Called once, from an app's ``own_school.py``."""
    _pages.append(page)
    _pages.sort(key=lambda each: each.order)


def registered() -> tuple[Page, ...]:
    """Return every page, in order."""
    return tuple(_pages)


def pages_for(person: Any, school: School) -> list[Page]:
    """Return the pages that a person may open for this school of their own; none for anybody else."""
    return [page for page in _pages if school.uai in person.scope(page.power).schools]


def is_elsewhere(request: HttpRequest, school: School) -> bool:
    """Say whether a page is of another school than the pages of the navigation: somebody came by a link."""
    chosen = vars(request).get(IN_TABS)
    return chosen is not None and chosen != school


register(
    Page(
        order=40,
        name="own_school_letters",
        label=_("Lettres"),
        says=_("Les lettres de première connexion, à imprimer et à remettre."),
        power=GIVE_LETTERS,
    )
)
register(
    Page(
        order=50,
        name="own_school",
        label=_("Fichiers"),
        says=_("Les fichiers des élèves, de leurs responsables et du personnel : ce que vous en déposez."),
        power=IMPORT_ROSTERS,
    )
)
