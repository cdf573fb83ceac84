"""A query whose SQL is made once: making it costs more than PostgreSQL's answer."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.db import connection
from django.db.models import QuerySet


class Compiled:
    """A queryset of ``values_list()`` rows, with places for what differs from call to call.

    ``build`` makes it for ``marks``, values of the right type that stand nowhere else in it. ``variant``
    is asked at each call for what else the SQL depends on, such as the day: another one, another SQL.
    Values arrive as the driver gives them (JSON as text).
    """

    def __init__(
        self, build: Callable[..., QuerySet[Any, Any]], *marks: Any, variant: Callable[[], Any] = lambda: None
    ) -> None:
        self.build, self.marks, self.variant = build, marks, variant
        self._made: tuple[Any, str, tuple[Any, ...]] | None = None

    def rows(self, *values: Any) -> list[tuple[Any, ...]]:
        """Run it with ``values`` in the places of the marks."""
        variant = self.variant()
        made = self._made
        if made is None or made[0] != variant:
            sql, params = self.build(*self.marks).query.sql_with_params()
            self._made = made = (variant, sql, params)
        places = dict(zip(self.marks, values, strict=True))
        with connection.cursor() as cursor:
            cursor.execute(made[1], [self._filled(each, places) for each in made[2]])
            return cursor.fetchall()

    @staticmethod
    def _filled(param: Any, places: dict[Any, Any]) -> Any:
        try:
            return places.get(param, param)
        except TypeError:  # a list: no mark
            return param
