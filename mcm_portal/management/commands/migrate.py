"""``manage.py migrate``, as the database's owner, and for as long as a big table takes."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import DEFAULT_DB_ALIAS, connection

from mcm_portal import database_roles


@contextlib.contextmanager
def without_haste() -> Iterator[None]:
    """Let a statement take as long as it needs: an index over a million people takes more than ten seconds.

    A lock that others hold is still not waited for (``lock_timeout``): all pages would wait behind it.
    """
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = 0")
    yield  # a migration that fails ends the process, and its patience with it
    with connection.cursor() as cursor:
        cursor.execute("RESET statement_timeout")


class Command(migrate.Command):
    """Django's own, by the role of ``DATABASE_OWNER_URL`` if set; the portal's role gets its rights after."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Migrate, then give the rights. Raises :class:`CommandError` where the roles are not two."""
        try:
            owner = database_roles.owner()
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        if options["database"] != DEFAULT_DB_ALIAS:
            return super().execute(*args, **options)
        if owner is None:
            with without_haste():
                return super().execute(*args, **options)
        with database_roles.connected_as(owner):
            with without_haste():
                told = super().execute(*args, **options)  # its checks, too, ask the database
            if options["plan"]:
                return told
            try:
                database_roles.give_rights(
                    database_roles.own_role(), password=str(settings.DATABASES[DEFAULT_DB_ALIAS]["PASSWORD"])
                )
            except database_roles.NotSeparate as error:
                raise CommandError(str(error)) from error
        return told
