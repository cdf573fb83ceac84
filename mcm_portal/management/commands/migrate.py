"""``manage.py migrate``, as the database's owner."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import DEFAULT_DB_ALIAS

from mcm_portal import database_roles


class Command(migrate.Command):
    """Django's own, by the role of ``DATABASE_OWNER_URL`` if set; the portal's role gets its rights after."""

    def execute(self, *args: Any, **options: Any) -> str | None:
        """Migrate, then give the rights. Raises :class:`CommandError` where the roles are not two."""
        try:
            owner = database_roles.owner()
        except ImproperlyConfigured as error:
            raise CommandError(str(error)) from error
        if owner is None or options["database"] != DEFAULT_DB_ALIAS:
            return super().execute(*args, **options)
        with database_roles.connected_as(owner):
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
