"""Sign-ups that wait, and the school years of those who confirmed."""

from __future__ import annotations

import secrets
import uuid

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Value
from django.db.models.functions import Concat, Now
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from notifications.models import Message
from schools import reference
from schools.models import Academy, Department
from schools.school_year import SchoolYear
from schools.search_key import SearchKey, words_of

from ..powers import Power
from .people import AgeGroup, Level, Profile, User
from .policies import PolicyDocument


class Place(models.Model):
    """Where and as what somebody enrols: shared by a sign-up and a school year."""

    level = models.CharField(max_length=10, choices=Level)
    profile = models.CharField(max_length=12, choices=Profile)
    academy = models.ForeignKey(Academy, on_delete=models.PROTECT, null=True, related_name="+")
    department = models.ForeignKey(Department, on_delete=models.PROTECT, null=True, related_name="+")
    country = models.CharField(max_length=2, blank=True)  # ISO 3166-1, only outside France

    class Meta:
        abstract = True

    @property
    def academy_code(self) -> str:
        """The code of the académie; empty outside France."""
        return reference.academy_code(self.academy_id)

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

    def open_to(self, person: User, power: Power = Power.READ_PEOPLE) -> RegistrationQuerySet:
        """Return the sign-ups of the académies where ``person`` has a power (SAFETY T35, T50).

        By the keys of the académies, not by a join: the index of those that wait is read in its order.
        """
        scope = person.scope(power)
        if not scope:
            return self.none()
        return self if scope.everywhere else self.filter(academy__in=Academy.objects.keys_within(scope))


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
    search_key = models.GeneratedField(
        expression=SearchKey(Concat("first_name", Value(" "), "last_name")),
        output_field=models.CharField(max_length=420),
        db_persist=True,
    )

    # The last letter of one kind about it, where it was read together with the sign-up.
    letter: Message | None = None
    letter_kind = ""

    objects = RegistrationQuerySet.as_manager()

    class Meta:
        verbose_name = _("inscription en attente")
        verbose_name_plural = _("inscriptions en attente")
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
            models.Index(
                fields=["academy", "-id"],
                name="registration_waiting",
                condition=models.Q(confirmed_at=None),
            ),
            GinIndex(words_of("search_key"), name="registration_search"),
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
        verbose_name = _("inscription d’une année")
        verbose_name_plural = _("inscriptions d’une année")

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
