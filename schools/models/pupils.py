"""What a school declares of its pupils: who they are, their classes, and whom it may call about them."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Exists, OuterRef, Q, Value
from django.db.models.functions import Concat, Now
from django.utils.translation import gettext_lazy as _

from ..scope import Scope
from ..search_key import IdentityKey, SearchKey, words_of
from .academies import Academy
from .schools import School

ACCESS_AFTER_LEAVING = timedelta(days=7)
# The order on digital workspaces (30 November 2006, art. 6): deleted within three months (FORMATS 11).
KEPT_AFTER_LEAVING = timedelta(days=90)
# Day or month may be unknown: « 2012-03-00 ». Kept as the school says it.
BIRTH_DATE = r"^([0-9]{4}-(0[0-9]|1[0-2])-([0-2][0-9]|3[01]))?$"
E164 = r"^(\+[1-9][0-9]{6,14})?$"


class GroupKind(models.TextChoices):
    """What pupils are put together in. The values are those of :mod:`schools.rosters.rows`."""

    DIVISION = "division", _("Classe")
    GROUP = "group", _("Groupe")


class Responsibility(models.TextChoices):
    """What a contact is to a child (SIECLE levels 1, 2, 3)."""

    LEGAL = "legal", _("Représentant légal")
    IN_CHARGE = "in_charge", _("Personne en charge de l’élève")
    CONTACT = "contact", _("Personne à contacter")


# What gives a person access to a child: a person merely to be called has none.
GIVES_ACCESS = (Responsibility.LEGAL, Responsibility.IN_CHARGE)


class StudentQuerySet(models.QuerySet["Student"]):
    """Pupils, and who may see them."""

    def open_to(self, scope: Scope) -> StudentQuerySet:
        """Return the pupils of the schools of a scope, those who left included while they are kept (T50)."""
        if scope.everywhere or not scope:
            return self if scope else self.none()
        return self.filter(Exists(Schooling.objects.open_to(scope).filter(student=OuterRef("pk"))))

    def living(self) -> StudentQuerySet:
        """Leave out what was merged into another record."""
        return self.filter(merged_into=None)


class Student(models.Model):
    """A child as schools know them: one record however many schools declare them.

    An INE is one child's, but a school may have none for a child. Names and birth date are those of the
    latest declaration. One who was found to be there twice points to the record that counts.
    """

    class Sex(models.TextChoices):
        """As the school declares it."""

        M = "M", _("Masculin")
        F = "F", _("Féminin")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    ine = models.CharField(_("INE"), max_length=11, blank=True)
    family_name = models.CharField(_("nom de famille"), max_length=100)
    first_name = models.CharField(_("prénom"), max_length=100)
    usage_name = models.CharField(_("nom d’usage"), max_length=100, blank=True)
    other_first_names = models.CharField(_("autres prénoms"), max_length=100, blank=True)
    birth_date = models.CharField(_("date de naissance"), max_length=10, blank=True)
    sex = models.CharField(_("sexe"), max_length=1, choices=Sex, blank=True)
    # The one national name of a pupil at the portal, given by the first letter; it never changes.
    identifier = models.CharField(_("identifiant"), max_length=40, blank=True, default="", db_default="")
    merged_into = models.ForeignKey(
        "self", on_delete=models.CASCADE, null=True, related_name="absorbed", editable=False
    )
    search_key = models.GeneratedField(
        expression=SearchKey(Concat("first_name", Value(" "), "family_name", Value(" "), "usage_name")),
        output_field=models.CharField(max_length=620),
        db_persist=True,
    )
    identity_key = models.GeneratedField(
        expression=IdentityKey("family_name", "first_name"),
        output_field=models.CharField(max_length=420),
        db_persist=True,
    )

    objects = StudentQuerySet.as_manager()

    class Meta:
        verbose_name = _("élève")
        verbose_name_plural = _("élèves")
        indexes = [
            GinIndex(words_of("search_key"), name="student_search"),
            models.Index(fields=["birth_date", "identity_key"], name="student_identity"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["ine"], condition=~Q(ine=""), name="one_student_per_ine"),
            models.UniqueConstraint(
                fields=["identifier"], condition=~Q(identifier=""), name="one_student_per_identifier"
            ),
            models.CheckConstraint(
                condition=Q(identifier__regex=r"^([a-z][a-z0-9]*\.[a-z][a-z0-9]*)?$"),
                name="student_identifier",
            ),
            models.CheckConstraint(condition=Q(ine__regex=r"^([0-9A-Z]{11})?$"), name="student_ine"),
            models.CheckConstraint(condition=Q(birth_date__regex=BIRTH_DATE), name="student_birth_date"),
            models.CheckConstraint(
                condition=~Q(family_name="") & ~Q(first_name=""), name="student_has_names"
            ),
            models.CheckConstraint(condition=Q(sex__in=["", "M", "F"]), name="student_sex"),
            models.CheckConstraint(
                condition=Q(merged_into=None) | ~Q(merged_into=models.F("pk")),
                name="student_not_merged_into_itself",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_name} {self.usage_name or self.family_name}"

    @property
    def subject(self) -> str:
        """What the journal calls them: nothing about the child."""
        return f"student:{self.public_id}"


class Division(models.Model):
    """A class or a group of a school, for one school year."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="divisions", db_index=False)
    school_year = models.PositiveSmallIntegerField(_("année scolaire"))
    code = models.CharField(_("code"), max_length=60)
    name = models.CharField(_("nom"), max_length=100, blank=True)
    kind = models.CharField(_("type"), max_length=8, choices=GroupKind, default=GroupKind.DIVISION)
    closed_at = models.DateTimeField(_("fermée le"), null=True)

    class Meta:
        verbose_name = _("classe ou groupe")
        verbose_name_plural = _("classes et groupes")
        constraints = [
            models.UniqueConstraint(fields=["school", "school_year", "code"], name="one_division_per_code"),
            models.CheckConstraint(condition=~Q(code=""), name="division_has_a_code"),
            models.CheckConstraint(condition=Q(kind__in=GroupKind.values), name="division_kind"),
        ]

    def __str__(self) -> str:
        return self.name or self.code


def _at_schools_of(scope: Scope) -> Q:
    # By keys of the index, and not by a join with the tables of schools and académies.
    wanted = Q(school__academy__in=Academy.objects.keys_within(scope))
    if scope.schools:
        wanted |= Q(school__uai__in=sorted(scope.schools))
    return wanted


class SchoolingQuerySet(models.QuerySet["Schooling"]):
    """Who is at which school."""

    def open_to(self, scope: Scope) -> SchoolingQuerySet:
        """Return who is, or was lately, at a school of the scope."""
        if scope.everywhere or not scope:
            return self if scope else self.none()
        return self.filter(_at_schools_of(scope))

    def current(self) -> SchoolingQuerySet:
        """Keep those whom their school still declares."""
        return self.filter(gone_at=None)

    def with_access(self) -> SchoolingQuerySet:
        """Keep those who may still come in: declared, or gone for less than seven days (SAFETY T51)."""
        return self.filter(Q(gone_at=None) | Q(access_until__gt=Now()))


class Schooling(models.Model):
    """A pupil at a school: in two schools within a year, a child has two of these.

    ``gone_at``: when a file no longer named them. From ``access_until`` on they do not come in any more;
    :mod:`schools.rosters.retention` deletes the row later.
    """

    student = models.ForeignKey(Student, on_delete=models.CASCADE, related_name="schoolings")
    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="schoolings", db_index=False)
    school_year = models.PositiveSmallIntegerField(_("année scolaire"))
    since = models.DateTimeField(_("depuis"), db_default=Now(), editable=False)
    gone_at = models.DateTimeField(_("parti le"), null=True)
    access_until = models.DateTimeField(_("accès jusqu’au"), null=True)
    divisions = models.ManyToManyField(Division, through="DivisionPupil", related_name="schoolings")

    objects = SchoolingQuerySet.as_manager()

    class Meta:
        verbose_name = _("scolarité")
        verbose_name_plural = _("scolarités")
        indexes = [
            models.Index(fields=["gone_at"], condition=~Q(gone_at=None), name="schooling_gone"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["school", "student"], name="one_schooling_per_school"),
            models.CheckConstraint(
                condition=Q(gone_at=None, access_until=None)
                | Q(gone_at__isnull=False, access_until__gte=models.F("gone_at")),
                name="schooling_gone_has_an_end",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.student_id} @ {self.school_id}"


class DivisionPupil(models.Model):
    """A pupil is in a class or a group."""

    schooling = models.ForeignKey(Schooling, on_delete=models.CASCADE, db_index=False)
    division = models.ForeignKey(Division, on_delete=models.CASCADE)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["schooling", "division"], name="one_place_per_division"),
        ]

    def __str__(self) -> str:
        return f"{self.schooling_id} in {self.division_id}"


class GuardianContactQuerySet(models.QuerySet["GuardianContact"]):
    """Contacts, and who may see them."""

    def open_to(self, scope: Scope) -> GuardianContactQuerySet:
        """Return the contacts that the schools of a scope declared (SAFETY T50)."""
        if scope.everywhere or not scope:
            return self if scope else self.none()
        return self.filter(_at_schools_of(scope))


class GuardianContact(models.Model):
    """Somebody whom one school may call about a child: its declaration, not an account."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="contacts", db_index=False)
    title = models.CharField(_("civilité"), max_length=4, blank=True)
    family_name = models.CharField(_("nom de famille"), max_length=100)
    first_name = models.CharField(_("prénom"), max_length=100, blank=True)
    usage_name = models.CharField(_("nom d’usage"), max_length=100, blank=True)
    mobile = models.CharField(_("téléphone portable"), max_length=16, blank=True)
    phone = models.CharField(_("téléphone"), max_length=16, blank=True)
    email = models.CharField(_("courriel"), max_length=254, blank=True)
    sms_consent = models.BooleanField(_("accepte les SMS"), default=False)
    students = models.ManyToManyField(Student, through="GuardianTie", related_name="contacts")
    search_key = models.GeneratedField(
        expression=SearchKey(Concat("first_name", Value(" "), "family_name", Value(" "), "usage_name")),
        output_field=models.CharField(max_length=620),
        db_persist=True,
    )
    identity_key = models.GeneratedField(
        expression=IdentityKey("family_name", "first_name"),
        output_field=models.CharField(max_length=420),
        db_persist=True,
    )

    objects = GuardianContactQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact")
        verbose_name_plural = _("contacts des élèves")
        indexes = [
            GinIndex(words_of("search_key"), name="contact_search"),
            models.Index(fields=["school", "identity_key"], name="contact_identity"),
            models.Index(fields=["mobile"], condition=~Q(mobile=""), name="contact_mobile"),
            models.Index(fields=["email"], condition=~Q(email=""), name="contact_email"),
        ]
        constraints = [
            models.CheckConstraint(condition=~Q(family_name=""), name="contact_has_a_name"),
            models.CheckConstraint(condition=Q(mobile__regex=E164, phone__regex=E164), name="contact_phones"),
        ]

    def __str__(self) -> str:
        return f"{self.first_name} {self.usage_name or self.family_name}".strip()

    @property
    def subject(self) -> str:
        """What the journal calls them."""
        return f"contact:{self.public_id}"


class GuardianTie(models.Model):
    """A contact is something to a pupil. Removed, it gives nothing any more, from that moment on (T51)."""

    contact = models.ForeignKey(
        GuardianContact, on_delete=models.CASCADE, related_name="ties", db_index=False
    )
    student = models.ForeignKey(Student, on_delete=models.CASCADE, related_name="ties")
    responsibility = models.CharField(_("responsabilité"), max_length=9, choices=Responsibility)
    relationship = models.CharField(_("lien"), max_length=60, blank=True)
    removed_at = models.DateTimeField(_("retiré le"), null=True)

    class Meta:
        verbose_name = _("lien avec un élève")
        verbose_name_plural = _("liens avec des élèves")
        indexes = [
            models.Index(fields=["removed_at"], condition=~Q(removed_at=None), name="tie_removed"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["contact", "student"], name="one_tie_per_pupil"),
            models.CheckConstraint(
                condition=Q(responsibility__in=Responsibility.values), name="tie_responsibility"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.contact_id} → {self.student_id}"


class StudentMerge(models.Model):
    """Two records were one child: what was moved, so that it can be moved back."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kept = models.ForeignKey(Student, on_delete=models.CASCADE, related_name="merges")
    absorbed = models.OneToOneField(Student, on_delete=models.CASCADE, related_name="merge")
    schoolings = ArrayField(models.BigIntegerField(), default=list)  # moved to the record kept
    ties = ArrayField(models.BigIntegerField(), default=list)
    dropped: Any = models.JSONField(default=dict)  # what both had: deleted of the second, and made again
    merged_at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"{self.absorbed_id} → {self.kept_id}"
