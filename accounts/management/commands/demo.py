"""People to try the portal with. Only where DEBUG is on."""

from __future__ import annotations

from typing import Any

from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.urls import reverse

from accounts import appointments, assistance
from accounts.models import (
    MCM,
    Enrolment,
    Level,
    PolicyAcceptance,
    PolicyDocument,
    Profile,
    Role,
    SignInName,
    User,
)
from schools.demonstration import loading as schools
from schools.models import Academy, OpeningDecision, StaffMember, Student
from schools.school_year import SchoolYear

PASSWORD = "Le-chat-dort-2-fois"  # noqa: S105  (printed for everyone who runs the demonstration)
CLOSED = "44"  # one académie stays closed, so that one sees what a family then reads
PEOPLE = [
    ("lea.moreau", "Léa", "Moreau", Profile.STUDENT, Level.COLLEGE),
    ("karim.benali", "Karim", "Benali", Profile.GUARDIAN, Level.ECOLE),
    ("claire.dubois", "Claire", "Dubois", Profile.TEACHER, Level.LYCEE),
]
# The head of the demonstration collège, who hands over its files; « Mon espace » shows the way.
HEAD = ("sylvie.lambert", "Sylvie", "Lambert", Profile.STAFF, Level.COLLEGE)
# A teacher whom the collège declares, and a pupil of 6 A with an account: a virtual class can be tried.
TEACHER = ("herve.colin", "Hervé", "Colin", Profile.TEACHER, Level.COLLEGE)
TEACHERS_IDENTIFIER = "hcolin"
PUPIL = PEOPLE[0]
# Who looks after them, in the administration. Each sets up a second factor at the first sign-in.
STAFF = [
    ("dane.normandie", "Anne", "Martel", Role.DANE, "70"),
    ("assistance.normandie", "Samir", "Haddad", Role.SUPPORT, "70"),
    ("admin.national", "Nadia", "Roussel", Role.NATIONAL, None),
    ("donnees.personnelles", "Paul", "Girard", Role.DATA_PROTECTION, None),
]


class Command(BaseCommand):
    """``manage.py demo``: académies open, schools come in, people are made; ``--list`` says who."""

    help = "Makes the demonstration schools and accounts, once; --list prints them."

    def add_arguments(self, parser: CommandParser) -> None:
        """Add ``--list``."""
        parser.add_argument("--list", action="store_true", help="print the accounts instead")

    def handle(self, *args: Any, **options: Any) -> None:
        """Make or print them. Raises :class:`CommandError` outside of DEBUG."""
        if not settings.DEBUG:
            raise CommandError("The demonstration accounts exist only where DEBUG is on.")
        if options["list"]:
            self.say_who_they_are()
            return
        with transaction.atomic():
            self.open_academies()
            for person in PEOPLE:
                self.make(*person)
            for colleague in STAFF:
                self.make_staff(*colleague)
            if schools.bring_in():
                self.make_head()
                self.make_a_class()

    def say_who_they_are(self) -> None:
        """Print who can sign in, and whose first sign-in can be tried."""
        for name, first_name, last_name, profile, level in PEOPLE:
            self.stdout.write(
                f"{name:<22} {PASSWORD:<21} {first_name} {last_name}, {profile.label}, {level.label}"
            )
        name, first_name, last_name, profile, level = TEACHER
        self.stdout.write(
            f"{name:<22} {PASSWORD:<21} {first_name} {last_name}, {profile.label}, {level.label}, "
            f"{schools.COLLEGE}, 6 A"
        )
        name, first_name, last_name, _profile, level = HEAD
        self.stdout.write(
            f"{name:<22} {PASSWORD:<21} {first_name} {last_name}, "
            f"{StaffMember.Role.HEAD.label}, {level.label}, {schools.COLLEGE}"
        )
        for name, first_name, last_name, role, academy in STAFF:
            where = f", académie {academy}" if academy else ""
            self.stdout.write(f"{name:<22} {PASSWORD:<21} {first_name} {last_name}, {role.label}{where}")
        page = f"{settings.SITE_URL}{reverse('guardian_identity')}"
        self.stdout.write(f"\nGuardians without an account yet, to try a first sign-in at {page}\n")
        for family in schools.FAMILIES:
            children = ", ".join(f"{first_name} {born}" for first_name, born in family.children)
            self.stdout.write(
                f"{family.last_name:<8} {family.first_name:<9} {family.mobile}  {children} ({family.shows})"
            )

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
        academy = Academy.objects.get(code="70")
        user = Command.account(name, first_name, last_name)
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

    @staticmethod
    def make_staff(name: str, first_name: str, last_name: str, role: Role, academy: str | None) -> None:
        """Make somebody with a role. One who has it stays as they are."""
        user = Command.account(name, first_name, last_name)
        place = Academy.objects.get(code=academy) if academy else None
        if user.is_active and not user.staff_roles.filter(role=role, academy=place).exists():
            appointments.appoint(user, role, academy=place, reason="Démonstration")

    @staticmethod
    def make_head() -> None:
        """Make the head of the collège, whom the DANE then finds among its staff."""
        Command.make(*HEAD)
        head, dane = (Command.account(*each[:3]) for each in (HEAD, STAFF[0]))
        try:
            assistance.attach(
                head, uai=schools.COLLEGE, identifier=schools.HEAD, by=dane, reason="Démonstration"
            )
        except assistance.NotAllowed:
            pass  # older data, where somebody tried what becomes of a DANE that is suspended

    @staticmethod
    def make_a_class() -> None:
        """Make a teacher of the collège, and let the account of a pupil be that of the school's record."""
        Command.make(*TEACHER)
        teacher, dane = (Command.account(*each[:3]) for each in (TEACHER, STAFF[0]))
        try:
            assistance.attach(
                teacher,
                uai=schools.COLLEGE,
                identifier=TEACHERS_IDENTIFIER,
                by=dane,
                reason="Démonstration",
            )
        except assistance.NotAllowed:
            pass  # as for the head
        name, first_name, last_name, *_rest = PUPIL
        record = Student.objects.filter(
            schoolings__school__uai=schools.COLLEGE, first_name=first_name, family_name=last_name.upper()
        ).first()
        if record is not None:
            User.objects.filter(pk=Command.account(name, first_name, last_name).pk).update(student=record)

    @staticmethod
    def account(name: str, first_name: str, last_name: str) -> User:
        """Return whoever has this name; made now, if nobody has."""
        held = SignInName.objects.select_related("user").filter(authority=MCM, name=name).first()
        if held is not None and held.user is not None:
            return held.user
        user = User.objects.create_user(first_name=first_name, last_name=last_name, password=PASSWORD)
        SignInName.objects.create(authority=MCM, name=name, user=user)
        EmailAddress.objects.create(
            user=user, email=f"{name}@demonstration.example", verified=True, primary=True
        )
        for terms in PolicyDocument.objects.in_force(PolicyDocument.Kind.TERMS):
            PolicyAcceptance.objects.create(user=user, document=terms)
        return user
