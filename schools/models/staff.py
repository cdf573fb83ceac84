"""What a school declares of its staff."""

from __future__ import annotations

import uuid

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Concat, Now
from django.utils.translation import gettext_lazy as _

from ..scope import Scope
from ..search_key import IdentityKey, SearchKey, words_of
from .pupils import E164, Division
from .schools import School


class StaffMemberQuerySet(models.QuerySet["StaffMember"]):
    """The staff of schools, and who may see them."""

    def open_to(self, scope: Scope) -> StaffMemberQuerySet:
        """Return the staff of the schools of a scope (SAFETY T50)."""
        return scope.limit(self, "school__academy__code", "school__uai")

    def with_access(self) -> StaffMemberQuerySet:
        """Keep those whom the school declares, or did until less than seven days ago."""
        return self.filter(Q(gone_at=None) | Q(access_until__gt=Now()))

    def of_plain_rights(self) -> StaffMemberQuerySet:
        """Keep those whose letter may lie in a pile, and be printed by who helps with letters (SAFETY T35).

        Whoever holds it becomes its person: not a head, nor a colleague who was ever given more than a post.
        """
        return self.exclude(role=StaffMember.Role.HEAD).filter(letters_since=None)

    def same_person_as(self, member: StaffMember) -> StaffMemberQuerySet:
        """Return the rows of one person at each school: the same identifier in the same académie.

        Those with access only; without an identifier a row stands alone.
        """
        if not member.identifier:
            return self.with_access().filter(pk=member.pk)
        return self.with_access().filter(
            identifier=member.identifier, school__academy=member.school.academy_id
        )


class StaffMember(models.Model):
    """Somebody who works at one school, as the school says."""

    class Role(models.TextChoices):
        """What they do there. The values are those of :mod:`schools.rosters.rows`."""

        TEACHER = "teacher", _("Enseignant")
        HEAD = "head", _("Chef d’établissement ou directeur")
        OTHER = "other", _("Autre personnel")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    school = models.ForeignKey(School, on_delete=models.CASCADE, related_name="staff")
    family_name = models.CharField(_("nom de famille"), max_length=100)
    first_name = models.CharField(_("prénom"), max_length=100)
    role = models.CharField(_("fonction"), max_length=8, choices=Role)
    identifier = models.CharField(_("identifiant académique"), max_length=60, blank=True)
    email = models.CharField(_("courriel académique"), max_length=254, blank=True)
    # Of the school's own directory, in E.164: read by the person and their head, changed by a file only.
    personal_phone = models.CharField(_("téléphone personnel"), max_length=16, blank=True, db_default="")
    professional_phone = models.CharField(
        _("téléphone professionnel"), max_length=16, blank=True, db_default=""
    )
    mobile = models.CharField(_("téléphone portable"), max_length=16, blank=True, db_default="")
    divisions = models.ManyToManyField(Division, through="StaffDivision", related_name="staff")
    gone_at = models.DateTimeField(_("parti le"), null=True)
    access_until = models.DateTimeField(_("accès jusqu’au"), null=True)
    # When their rights at the school last grew: letters from before open nothing (schools.letters.codes).
    letters_since = models.DateTimeField(null=True, editable=False)
    search_key = models.GeneratedField(
        expression=SearchKey(Concat("first_name", Value(" "), "family_name")),
        output_field=models.CharField(max_length=420),
        db_persist=True,
    )
    identity_key = models.GeneratedField(
        expression=IdentityKey("family_name", "first_name"),
        output_field=models.CharField(max_length=420),
        db_persist=True,
    )

    objects = StaffMemberQuerySet.as_manager()

    class Meta:
        verbose_name = _("membre du personnel")
        verbose_name_plural = _("personnel des établissements")
        indexes = [
            GinIndex(words_of("search_key"), name="staff_member_search"),
            models.Index(fields=["school", "identity_key"], name="staff_member_identity"),
            models.Index(fields=["identifier"], condition=~Q(identifier=""), name="staff_member_identifier"),
            models.Index(fields=["email"], condition=~Q(email=""), name="staff_member_email"),
            models.Index(fields=["gone_at"], condition=~Q(gone_at=None), name="staff_member_gone"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["school", "identifier"],
                condition=~Q(identifier=""),
                name="one_staff_member_per_identifier",
            ),
            models.CheckConstraint(
                condition=~Q(family_name="") & ~Q(first_name=""), name="staff_member_has_names"
            ),
            models.CheckConstraint(
                condition=Q(role__in=["teacher", "head", "other"]), name="staff_member_role"
            ),
            models.CheckConstraint(
                condition=Q(gone_at=None, access_until=None)
                | Q(gone_at__isnull=False, access_until__gte=models.F("gone_at")),
                name="staff_member_gone_has_an_end",
            ),
            models.CheckConstraint(
                condition=Q(personal_phone__regex=E164, professional_phone__regex=E164, mobile__regex=E164),
                name="staff_member_phones",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_name} {self.family_name}"

    @property
    def subject(self) -> str:
        """What the journal calls them."""
        return f"staff:{self.public_id}"

    @property
    def directory_phones(self) -> list[tuple[str, str]]:
        """The numbers that the school's directory has, each with what it is called (SCREENS C5).

        In E.164. Read only: who finds one wrong says so to the school.
        """
        labelled = (
            (_("téléphone personnel"), self.personal_phone),
            (_("téléphone professionnel"), self.professional_phone),
            (_("téléphone portable"), self.mobile),
        )
        return [(str(label), number) for label, number in labelled if number]


class StaffDivision(models.Model):
    """A member of the staff works with a class."""

    member = models.ForeignKey(StaffMember, on_delete=models.CASCADE)
    division = models.ForeignKey(Division, on_delete=models.CASCADE)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["member", "division"], name="one_member_per_division"),
        ]

    def __str__(self) -> str:
        return f"{self.member_id} in {self.division_id}"
