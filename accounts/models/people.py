"""People, and the names they sign in with."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any, ClassVar

from allauth.account.models import EmailAddress
from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.hashers import UNUSABLE_PASSWORD_PREFIX
from django.contrib.auth.models import AbstractBaseUser, PermissionsMixin
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, OuterRef, Q, Value
from django.db.models.functions import Concat, Now
from django.utils.crypto import salted_hmac
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

from schools import reference
from schools.models import Academy, StaffMember, StaffMemberQuerySet, Student
from schools.scope import NOWHERE, Scope
from schools.search_key import SearchKey, as_array, words_of

from ..powers import POWERS_OF_A_HEAD, POWERS_OF_AN_AREA, Power, scopes
from .local_admins import LocalAdmin

if TYPE_CHECKING:
    from ..standing import Standing

MCM = "mcm"  # the authority of « Ma classe à la maison »: one door for its three levels
PUPILS = "eleve"  # the authority of the pupils' door to the ENT
_STAFF = "academie:"  # with the code of the académie: of the door of its staff


def staff_door(academy: str) -> str:
    """Return the authority of the names of an académie's staff, by its code: « academie:70 »."""
    return f"{_STAFF}{academy}"


def is_staff_door(authority: str) -> bool:
    """Say whether an authority is an académie's."""
    return authority.startswith(_STAFF)


def academy_of_door(authority: str) -> str:
    """Return the code of the académie whose door it is (:func:`is_staff_door`)."""
    return authority.removeprefix(_STAFF)


class Level(models.TextChoices):
    """The three platforms of MCM (SCREENS A1)."""

    ECOLE = "ecole", _("L'école primaire")
    COLLEGE = "college", _("Le collège")
    LYCEE = "lycee", _("Le lycée")


class Profile(models.TextChoices):
    """What a person says they are. It gives no right by itself (SAFETY T37)."""

    STUDENT = "eleve", _("Élève")
    GUARDIAN = "responsable", _("Responsable légal")
    TEACHER = "enseignant", _("Enseignant")
    STAFF = "personnel", _("Autre personnel de l’éducation")


class AgeGroup(models.TextChoices):
    """A pupil's age as SCREENS A8 asks it: never a birth date."""

    ADULT = "majeur", _("18 ans ou plus")
    MINOR = "mineur", _("Moins de 18 ans (15 à 17 ans)")
    CHILD = "enfant", _("Moins de 15 ans")


class UserManager(BaseUserManager["User"]):
    """Makes people. Only :func:`accounts.registration.confirm` and the demonstration call it."""

    def create_user(self, *, password: str | None = None, **fields: Any) -> User:
        """Create a person from a password in clear (demonstration and tests)."""
        user = self.model(**fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def with_address(self, address: str) -> models.QuerySet[User]:
        """Return whoever confirmed this canonical address: one person at most."""
        return self.filter(emailaddress__email=address, emailaddress__verified=True)

    def with_name(self, authority: str, name: str) -> models.QuerySet[User]:
        """Return whoever signs in with this name at this authority's doors: one person at most."""
        return self.filter(sign_in_names__authority=authority, sign_in_names__name=name)

    def found_by(self, first: models.Q, *more: models.Q) -> models.QuerySet[User]:
        """Return whom any of these conditions finds, each by its own index.

        An « or » over several tables would read the accounts of everybody: PostgreSQL has no index for it.
        """
        others = [self.filter(way).values("pk") for way in more]
        return self.filter(pk__in=self.filter(first).values("pk").union(*others, all=True))

    def open_to(self, person: User, power: Power = Power.READ_PEOPLE) -> models.QuerySet[User]:
        """Return the people of the académies where ``person`` has a power (SAFETY T35, T50).

        Somebody belongs to the académie of their latest school year: who has moved is no longer of the
        one they left. Who has no académie, abroad or among the staff, is open to national staff only.
        """
        scope = person.scope(power)
        if not scope:
            return self.none()
        if scope.everywhere:
            return self.all()
        # As an array: the index of the names holds it beside the words.
        return self.alias(academies=as_array("academy")).filter(
            academies__overlap=Academy.objects.keys_within(scope)
        )


def opaque_username() -> str:
    """Return what stands in ``User.username``: nothing that anybody types."""
    return uuid.uuid4().hex


class User(AbstractBaseUser, PermissionsMixin):
    """A person whose address is confirmed, or whom a school or a guardian vouches for.

    There is no user before the confirmation: see :class:`Registration`. Names to sign in with
    are :class:`SignInName` rows; the address is allauth's verified ``EmailAddress``.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    username = models.CharField(max_length=32, unique=True, default=opaque_username, editable=False)
    first_name = models.CharField(_("Prénom"), max_length=100)
    last_name = models.CharField(_("Nom"), max_length=100)
    language = models.CharField(max_length=8, default="fr")
    is_active = models.BooleanField(default=True)
    is_staff = models.BooleanField(default=False)
    joined_at = models.DateTimeField(db_default=Now())
    # Who they are among the staff of a school, as the DANE found (accounts.attachments).
    staff_member = models.OneToOneField(
        StaffMember,
        verbose_name=_("fiche de personnel"),
        on_delete=models.SET_NULL,
        null=True,
        related_name="account",
    )
    # The child that schools know them as: one account for a record.
    student = models.OneToOneField(
        Student,
        verbose_name=_("fiche d’élève"),
        on_delete=models.SET_NULL,
        null=True,
        related_name="account",
    )
    # Guardians made it and may hold it until its owner is 18, also while nobody does (accounts.custody).
    held_by_guardians = models.BooleanField(default=False, db_default=False)
    # Somebody who held their account does so no more: they are asked for an address of their own.
    owes_address = models.BooleanField(default=False, db_default=False)
    # Steps of a first sign-in to the ENT: a password of their own, and how to reach them (SCREENS C4, C5).
    owes_password = models.BooleanField(default=False, db_default=False)
    owes_contact = models.BooleanField(default=False, db_default=False)
    # Of their latest school year; the database keeps it so, whoever writes an enrolment (migration 0014).
    academy = models.ForeignKey(
        Academy, on_delete=models.PROTECT, null=True, editable=False, db_index=False, related_name="+"
    )
    # Raised to end all sessions of a person at once.
    session_epoch = models.PositiveIntegerField(default=0)
    search_key = models.GeneratedField(
        expression=SearchKey(Concat("first_name", Value(" "), "last_name")),
        output_field=models.CharField(max_length=420),
        db_persist=True,
    )

    # Where this person stands, when they came with their session (accounts.standing).
    came_with: Standing | None = None
    # Whether they have a second factor, where that was asked together with who they are.
    has_second_factor: bool | None = None

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()

    class Meta:
        verbose_name = _("personne")
        verbose_name_plural = _("personnes")
        indexes = [
            GinIndex(as_array("academy"), words_of("search_key"), name="user_search"),
            models.Index(fields=["student"], name="user_held", condition=models.Q(held_by_guardians=True)),
        ]

    def __str__(self) -> str:
        return self.full_name

    @property
    def full_name(self) -> str:
        """First name and name, as the person wrote them."""
        return f"{self.first_name} {self.last_name}"

    @property
    def subject(self) -> str:
        """The opaque name of this person in the audit journal and the outbox."""
        return f"user:{self.public_id}"

    @property
    def academy_code(self) -> str:
        """The code of the académie of their latest school year; empty if there is none."""
        return reference.academy_code(self.academy_id)

    def address(self) -> str:
        """Return the confirmed address, or an empty string for who has none."""
        return (
            EmailAddress.objects.filter(user=self, verified=True, primary=True)
            .values_list("email", flat=True)
            .first()
            or ""
        )

    def sign_in_name(self) -> str:
        """Return the newest name they sign in with, or an empty string for who signs in by address alone.

        A browser's password manager looks for it beside each password and PIN; an app of codes shows it.
        """
        return self.sign_in_names.order_by("-pk").values_list("name", flat=True).first() or ""

    @cached_property
    def _scopes(self) -> dict[Power, Scope]:
        if not self.is_active:
            return {}
        found = scopes(list(self.staff_roles.values_list("role", "academy__code"))) if self.is_staff else {}
        for school, powers in self._powers_at_schools:
            for power in powers:
                found[power] = found.get(power, NOWHERE) | Scope(schools=frozenset({school}))
        return found

    def posts(self) -> StaffMemberQuerySet:
        """Return who this person is at each school that has proved it, as long as it declares them.

        The first is ``staff_member``, the others are :class:`.first_sign_in.OtherPost`. What they may do
        there says each school's roster.
        """
        return StaffMember.objects.with_access().filter(self._mine()).order_by("pk")

    def _mine(self) -> Q:
        # One key after the other: an « or » over two tables reads the staff of every school.
        first = User.objects.filter(pk=self.pk).values("staff_member")
        return Q(pk__in=first.union(self.other_posts.values("staff_member"), all=True))

    @cached_property
    def _powers_at_schools(self) -> list[tuple[str, frozenset[Power]]]:
        """What the schools that declare this person let them do there: each UAI, and the powers.

        A head has a head's powers; others those of the areas that the head gave them (``LocalAdmin``).
        Who is not declared any more has none, from that moment on. The school proved first comes first.
        """
        if self.staff_member_id is None:
            return []
        given = LocalAdmin.objects.filter(member=OuterRef("pk"), ended_at=None)
        posts = StaffMember.objects.filter(self._mine(), gone_at=None)
        return [
            (
                uai,
                POWERS_OF_A_HEAD
                if role == StaffMember.Role.HEAD
                else frozenset().union(*(POWERS_OF_AN_AREA[area] for area in areas)),
            )
            for uai, role, areas in posts.order_by(F("other_post").asc(nulls_first=True)).values_list(
                "school__uai", "role", ArraySubquery(given.values("area"))
            )
        ]

    def school_headed(self) -> str:
        """Return the UAI of the school that says this person is its head; empty for anybody else.

        Of two, the one that was proved first.
        """
        return next((uai for uai, powers in self._powers_at_schools if Power.LOOK_AFTER_STAFF in powers), "")

    def close_password(self) -> None:
        """Have the password open nothing any more; the caller saves.

        What it was stays behind Django's mark of no password: who still knows it is told, at the door, that
        another one is to be chosen, and how (:class:`accounts.backends.NewPasswordWanted`).
        """
        if self.has_usable_password():
            self.password = UNUSABLE_PASSWORD_PREFIX + self.password

    def scope(self, power: Power) -> Scope:
        """Return where this person has a power, académies or the school they head; anew at each request."""
        return self._scopes.get(power, NOWHERE)

    def _get_session_auth_hash(self, secret: str | bytes | None = None) -> str:
        """Tie a session to the password and to the epoch: changing either ends it (SAFETY T31)."""
        return salted_hmac(
            "accounts.User.session",
            f"{self.password}|{self.session_epoch}",
            secret=secret,
            algorithm="sha256",
        ).hexdigest()


class SignInName(models.Model):
    """A name at a door, held by a person or reserved by a sign-up.

    One unique constraint over both, so that a confirmation never fails for its name.
    """

    authority = models.CharField(max_length=40)
    name = models.CharField(max_length=64)
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="sign_in_names")
    registration = models.OneToOneField(
        "accounts.Registration", on_delete=models.CASCADE, null=True, related_name="sign_in_name"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["authority", "name"], name="one_owner_per_name"),
            models.CheckConstraint(
                name="sign_in_name_has_one_owner",
                condition=models.Q(user__isnull=False, registration__isnull=True)
                | models.Q(user__isnull=True, registration__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.authority}:{self.name}"
