"""The first national admin, whom nobody in the administration could appoint."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from accounts import appointments
from accounts.backends import DoorBackend
from accounts.models import MCM, Role
from schools.models import Academy


class Command(BaseCommand):
    """``manage.py appoint NAME ROLE [--academy CODE]``: gives a role to somebody who has an account."""

    help = "Gives a role in the administration to somebody who has an account."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add whom, which role, and where."""
        parser.add_argument("name", help="the user name or the confirmed address, whole")
        parser.add_argument("role", choices=Role.values)
        parser.add_argument("--academy", default="", help="the code of the académie; without it, all of them")
        parser.add_argument("--reason", default="Commande appoint", help="kept in the journal")

    def handle(self, *args: Any, **options: Any) -> None:
        """Give the role. Raises :class:`CommandError` with what is wrong."""
        person = DoorBackend.find(options["name"], MCM)
        if person is None:
            raise CommandError("Nobody has this user name or address: sign up first, then confirm.")
        code = options["academy"]
        academy = Academy.objects.filter(code=code).first() if code else None
        if code and academy is None:
            raise CommandError("No académie has this code.")
        try:
            appointments.appoint(person, Role(options["role"]), academy=academy, reason=options["reason"])
        except appointments.WrongPlace as error:
            raise CommandError("A DANE admin has an académie (--academy), a national admin none.") from error
        except appointments.HasItAlready as error:
            raise CommandError("This person has this role already.") from error
        except appointments.Suspended as error:
            raise CommandError("This account is suspended.") from error
        self.stdout.write("Done: at the next sign-in a second factor is asked for.")
