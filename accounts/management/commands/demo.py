"""People to try the portal with. Only where DEBUG is on."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from accounts.models import MCM, Enrolment, Level, PolicyAcceptance, PolicyDocument, Profile, SignInName, User
from schools.models import Academy, OpeningDecision
from schools.school_year import SchoolYear

PASSWORD = "Le-chat-dort-2-fois"  # noqa: S105  (printed for everyone who runs the demonstration)
CLOSED = "44"  # one académie stays closed, so that one sees what a family then reads
PEOPLE = [
    ("lea.moreau", "Léa", "Moreau", Profile.STUDENT, Level.COLLEGE),
    ("karim.benali", "Karim", "Benali", Profile.GUARDIAN, Level.ECOLE),
    ("claire.dubois", "Claire", "Dubois", Profile.TEACHER, Level.LYCEE),
]


class Command(BaseCommand):
    """``manage.py demo``: opens the académies and makes three people; ``--list`` says who they are."""

    help = "Makes the demonstration accounts, once; --list prints them."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add ``--list``."""
        parser.add_argument("--list", action="store_true", help="print the accounts instead")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make or print them. Raises :class:`CommandError` outside of DEBUG."""
        if not settings.DEBUG:
            raise CommandError("The demonstration accounts exist only where DEBUG is on.")
        if options["list"]:
            for name, first_name, last_name, profile, level in PEOPLE:
                self.stdout.write(
                    f"{name:<15} {PASSWORD:<21} {first_name} {last_name}, {profile.label}, {level.label}"
                )
            return
        with transaction.atomic():
            self.open_academies()
            for person in PEOPLE:
                self.make(*person)

    @staticmethod
    def open_academies() -> None:
        """Open every académie but one by a decision of the demonstration, where nothing is decided yet."""
        year = SchoolYear.current()
        for academy in Academy.objects.filter(decisions=None).exclude(code=CLOSED):
            OpeningDecision.objects.create(
                academy=academy,
                opens=True,
                effective_on=year.start,
                decided_on=year.start,
                reference=f"Démonstration {year.label}",
            )

    @staticmethod
    def make(name: str, first_name: str, last_name: str, profile: Profile, level: Level) -> None:
        """Make one confirmed person of Normandie, enrolled this year. One who exists stays as they are."""
        held = SignInName.objects.select_related("user").filter(authority=MCM, name=name).first()
        academy = Academy.objects.get(code="70")
        user = held.user if held else None
        if user is None:
            user = User.objects.create_user(first_name=first_name, last_name=last_name, password=PASSWORD)
            SignInName.objects.create(authority=MCM, name=name, user=user)
            EmailAddress.objects.create(
                user=user, email=f"{name}@demonstration.example", verified=True, primary=True
            )
            for terms in PolicyDocument.objects.in_force(PolicyDocument.Kind.TERMS):
                PolicyAcceptance.objects.create(user=user, document=terms)
        Enrolment.objects.get_or_create(
            user=user,
            level=level,
            school_year=SchoolYear.current().year,
            defaults={
                "profile": profile,
                "academy": academy,
                "department": academy.departments.get(code="14"),
            },
        )
