"""In which académies (later schools) somebody may see and do something. Built by ``User.scope()``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import models

Rows = TypeVar("Rows", bound="models.QuerySet[Any]")


@dataclass(frozen=True)
class Scope:
    """A set of académies by their codes, or all of them (``everywhere``), including what has none."""

    academies: frozenset[str] = frozenset()
    everywhere: bool = False

    def __bool__(self) -> bool:
        return self.everywhere or bool(self.academies)

    def __or__(self, other: Scope) -> Scope:
        return Scope(self.academies | other.academies, self.everywhere or other.everywhere)

    def covers(self, academy: str) -> bool:
        """Say whether a code of an académie lies in it; ``""`` (no académie) lies only in everywhere."""
        return self.everywhere or academy in self.academies

    def limit(self, rows: Rows, path: str) -> Rows:
        """Keep the rows whose code of an académie, at ``path``, lies in it: nothing for an empty scope."""
        if self.everywhere:
            return rows
        if not self.academies:
            return rows.none()
        return rows.filter(**{f"{path}__in": sorted(self.academies)})


EVERYWHERE = Scope(everywhere=True)
NOWHERE = Scope()
