"""In which académies and schools somebody may see and do something. Built by ``User.scope()``."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import models

Rows = TypeVar("Rows", bound="models.QuerySet[Any]")


@dataclass(frozen=True)
class Scope:
    """Académies by their codes and schools by their UAI, or all of them (``everywhere``).

    A school is in it by itself or with its académie; what has neither lies only in ``everywhere``.
    """

    academies: frozenset[str] = frozenset()
    schools: frozenset[str] = frozenset()
    everywhere: bool = False

    def __bool__(self) -> bool:
        return self.everywhere or bool(self.academies) or bool(self.schools)

    def __or__(self, other: Scope) -> Scope:
        return Scope(
            self.academies | other.academies,
            self.schools | other.schools,
            self.everywhere or other.everywhere,
        )

    def covers(self, academy: str, school: str = "") -> bool:
        """Say whether an académie, or a ``school`` of it, lies in it; no code at all only in everywhere."""
        return self.everywhere or academy in self.academies or school in self.schools

    def limit(self, rows: Rows, path: str, school: str = "") -> Rows:
        """Keep the rows whose académie, at ``path``, or whose school, at ``school``, lies in it.

        For rows that belong to no school (without ``school``) a scope of schools holds nothing.
        """
        if self.everywhere:
            return rows
        wanted = models.Q()
        if self.academies:
            wanted |= models.Q(**{f"{path}__in": sorted(self.academies)})
        if self.schools and school:
            wanted |= models.Q(**{f"{school}__in": sorted(self.schools)})
        return rows.filter(wanted) if wanted else rows.none()


EVERYWHERE = Scope(everywhere=True)
NOWHERE = Scope()
