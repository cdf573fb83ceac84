"""People: who they are, the names they sign in with, their sign-ups and their school years."""

from __future__ import annotations

import secrets
import uuid
from typing import Any, ClassVar

from allauth.account.models import EmailAddress
from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractBaseUser, PermissionsMixin
from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from schools.models import Academy, Department
from schools.school_year import SchoolYear

MCM = "mcm"  # the authority of « Ma classe à la maison »: one door for its three levels


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
    # Raised to end all sessions of a person at once.
    session_epoch = models.PositiveIntegerField(default=0)

    USERNAME_FIELD = "username"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()

    class Meta:
        verbose_name = _("personne")
        verbose_name_plural = _("personnes")

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

    def address(self) -> str:
        """Return the confirmed address, or an empty string for who has none."""
        return (
            EmailAddress.objects.filter(user=self, verified=True, primary=True)
            .values_list("email", flat=True)
            .first()
            or ""
        )

    def _get_session_auth_hash(self, secret: str | bytes | None = None) -> str:
        """Tie a session to the password and to the epoch: changing either ends it (SAFETY T31)."""
        return salted_hmac(
            "accounts.User.session",
            f"{self.password}|{self.session_epoch}",
            secret=secret,
            algorithm="sha256",
        ).hexdigest()


class PolicyDocumentQuerySet(models.QuerySet["PolicyDocument"]):
    """Which texts are in force."""

    def in_force(self, kind: str, language: str = "fr") -> PolicyDocumentQuerySet:
        """Return the text in force today, as a queryset of one row at most."""
        today = timezone.localdate()
        return self.filter(kind=kind, language=language, in_force_from__lte=today).order_by(
            "-in_force_from", "-id"
        )[:1]


class PolicyDocument(models.Model):
    """One version of a text that people accept or are told of (SCREENS A3)."""

    class Kind(models.TextChoices):
        TERMS = "terms", _("Conditions d’utilisation")
        DATA_PROTECTION = "data_protection", _("Protection des données personnelles")

    kind = models.CharField(max_length=20, choices=Kind)
    version = models.CharField(max_length=20)
    language = models.CharField(max_length=8, default="fr")
    title = models.CharField(max_length=200)
    summary = models.TextField(blank=True)
    body = models.TextField(help_text="Markdown")
    in_force_from = models.DateField()

    objects = PolicyDocumentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "version", "language"], name="one_text_per_version")
        ]
        indexes = [models.Index(fields=["kind", "language", "-in_force_from"], name="policy_in_force")]

    def __str__(self) -> str:
        return f"{self.kind} {self.version} ({self.language})"


class PolicyAcceptance(models.Model):
    """Who accepted which version of a text, when, and on whose behalf."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="acceptances")
    document = models.ForeignKey(PolicyDocument, on_delete=models.PROTECT, related_name="acceptances")
    accepted_at = models.DateTimeField(db_default=Now())
    by_guardian = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "document"], name="one_acceptance_per_document")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} → {self.document_id}"


class Place(models.Model):
    """Where and as what somebody enrols: shared by a sign-up and a school year."""

    level = models.CharField(max_length=10, choices=Level)
    profile = models.CharField(max_length=12, choices=Profile)
    academy = models.ForeignKey(Academy, on_delete=models.PROTECT, null=True, related_name="+")
    department = models.ForeignKey(Department, on_delete=models.PROTECT, null=True, related_name="+")
    country = models.CharField(max_length=2, blank=True)  # ISO 3166-1, only outside France

    class Meta:
        abstract = True

    @staticmethod
    def rule(name: str) -> models.CheckConstraint:
        """Either an académie with its department, or a country (SCREENS A4)."""
        return models.CheckConstraint(
            name=name,
            condition=models.Q(academy__isnull=False, department__isnull=False, country="")
            | models.Q(academy__isnull=True, department__isnull=True) & ~models.Q(country=""),
        )


def random_secret() -> str:
    """Return 128 random bits that make a row's links its own."""
    return secrets.token_urlsafe(16)


class RegistrationQuerySet(models.QuerySet["Registration"]):
    """Sign-ups, by where they stand."""

    def waiting(self) -> RegistrationQuerySet:
        """Not confirmed yet."""
        return self.filter(confirmed_at=None)


class Registration(Place):
    """A sign-up: everything that is needed to make a person once the address is confirmed.

    It is purged seven days after its creation or its confirmation, and its user name with it
    if nobody confirmed (SAFETY T55).
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    submission = models.UUIDField(unique=True)  # the form's key: the same form twice is one sign-up
    first_name = models.CharField(max_length=100)
    last_name = models.CharField(max_length=100)
    age_group = models.CharField(max_length=10, choices=AgeGroup, blank=True)
    address = models.CharField(max_length=254)
    password = models.CharField(max_length=128)
    terms = models.ForeignKey(PolicyDocument, on_delete=models.PROTECT, related_name="+")
    terms_accepted_at = models.DateTimeField()
    language = models.CharField(max_length=8, default="fr")
    browser = models.CharField(max_length=64)  # hash of the device that signed up
    link_secret = models.CharField(max_length=32, default=random_secret)
    created_at = models.DateTimeField(db_default=Now())
    confirmed_at = models.DateTimeField(null=True)
    user = models.OneToOneField(User, on_delete=models.CASCADE, null=True, related_name="registration")

    objects = RegistrationQuerySet.as_manager()

    class Meta:
        constraints = [
            Place.rule("registration_place"),
            models.CheckConstraint(
                name="registration_age_of_students_only",
                condition=models.Q(profile=Profile.STUDENT) & ~models.Q(age_group="")
                | ~models.Q(profile=Profile.STUDENT) & models.Q(age_group=""),
            ),
        ]
        indexes = [
            models.Index(fields=["address"], name="registration_address"),
            models.Index(fields=["created_at"], name="registration_created"),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    @property
    def needs_guardian(self) -> bool:
        """A minor's account is agreed to by a guardian, who owns the address (SCREENS A8)."""
        return self.age_group in {AgeGroup.MINOR, AgeGroup.CHILD}

    @property
    def username(self) -> str:
        """The name that this sign-up reserves."""
        return self.sign_in_name.name if hasattr(self, "sign_in_name") else ""


class SignInName(models.Model):
    """A name at a door, held by a person or reserved by a sign-up.

    One unique constraint over both, so that a confirmation never fails for its name.
    """

    authority = models.CharField(max_length=40)
    name = models.CharField(max_length=64)
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="sign_in_names")
    registration = models.OneToOneField(
        Registration, on_delete=models.CASCADE, null=True, related_name="sign_in_name"
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


class EnrolmentQuerySet(models.QuerySet["Enrolment"]):
    """Enrolments, by school year."""

    def of_this_year(self) -> EnrolmentQuerySet:
        """Return the enrolments that are valid today."""
        return self.filter(school_year=SchoolYear.current().year)


class Enrolment(Place):
    """One school year of MCM for one person at one level. It ends on 31 August (SCREENS A8)."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="enrolments")
    school_year = models.PositiveSmallIntegerField()  # the year it starts in
    created_at = models.DateTimeField(db_default=Now())

    objects = EnrolmentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "level", "school_year"], name="one_enrolment_per_level"),
            Place.rule("enrolment_place"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} {self.level} {self.year.label}"

    @property
    def country_name(self) -> str:
        """The country in the language of the page, for who enrols outside France."""
        return countries.name(self.country)

    @property
    def year(self) -> SchoolYear:
        """The school year as a value."""
        return SchoolYear(self.school_year)


class RecoveryRequest(models.Model):
    """Somebody asked to get back in. The row is written whether or not we know them (SAFETY T5).

    ``user`` is whom we found, if anybody. Only the newest request of a person opens anything.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="recovery_requests")
    link_secret = models.CharField(max_length=32, default=random_secret)
    created_at = models.DateTimeField(db_default=Now())
    used_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["created_at"], name="recovery_created")]

    def __str__(self) -> str:
        return str(self.public_id)
