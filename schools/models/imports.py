"""An import of a school's files: where it stands, the files, what was read out of them, what was refused."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from ..scope import Scope
from .schools import School

KEPT_UNAPPLIED = timedelta(days=7)


class RosterImportQuerySet(models.QuerySet["RosterImport"]):
    """Imports, who may see them, and which of them go on."""

    def open_to(self, scope: Scope) -> RosterImportQuerySet:
        """Return the imports for the schools of a scope (SAFETY T50)."""
        return scope.limit(self, "school__academy__code", "school__uai")

    def unfinished(self) -> RosterImportQuerySet:
        """Keep those that are neither applied nor given up."""
        return self.filter(state__in=RosterImport.UNFINISHED)


class RosterImport(models.Model):
    """One handing over of files by somebody for one school. The row says where it stands, and why.

    A worker holds it until ``held_until``, or by a lock on the row while it writes: one that died holds
    neither for long, and :mod:`schools.rosters.sweeping` has another take over.
    """

    class Kind(models.TextChoices):
        """What is handed over. The values are those of :mod:`schools.rosters.readers`."""

        SIECLE = "siecle", _("SIECLE (collège, lycée) : fichiers XML")
        ONDE = "onde", _("ONDE (école) : deux fichiers CSV")
        PUPILS = "pupils", _("Tableau des élèves et de leurs responsables")
        STAFF = "staff", _("Tableau du personnel")

    class State(models.TextChoices):
        """Where it stands."""

        MAPPING = "mapping", _("Attend que vous disiez ce que contient chaque colonne")
        UPLOADED = "uploaded", _("Attend d’être lu")
        READING = "reading", _("En cours de lecture")
        READY = "ready", _("Lu : attend votre décision")
        APPLYING = "applying", _("En cours d’enregistrement")
        APPLIED = "applied", _("Appliqué")
        REFUSED = "refused", _("Fichier refusé")
        FAILED = "failed", _("Interrompu")
        CANCELLED = "cancelled", _("Abandonné")

    UNFINISHED = (State.MAPPING, State.UPLOADED, State.READING, State.READY, State.APPLYING)

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    school = models.ForeignKey(
        School, verbose_name=_("établissement"), on_delete=models.CASCADE, related_name="imports"
    )
    kind = models.CharField(_("fichier"), max_length=8, choices=Kind)
    state = models.CharField(_("état"), max_length=9, choices=State, default=State.UPLOADED)
    uploaded_by = models.CharField(_("déposé par"), max_length=80)  # as the journal names them
    decided_by = models.CharField(_("décidé par"), max_length=80, blank=True)  # to apply it, or to give it up
    created_at = models.DateTimeField(_("déposé le"), db_default=Now(), editable=False)
    finished_at = models.DateTimeField(_("terminé le"), null=True)
    mapping = models.JSONField(default=dict)  # header → field, for tables
    school_year = models.PositiveSmallIntegerField(_("année scolaire"), null=True)
    progress = models.PositiveSmallIntegerField(_("avancement"), default=0)  # percent
    counts: Any = models.JSONField(default=dict)  # what :func:`schools.rosters.comparing.compare` found
    confirmed = models.BooleanField(default=False)  # that many pupils, ties or staff leave (SAFETY T51)
    # A merge by hand since the report: what was found may be of a record that is no more.
    is_outdated = models.BooleanField(default=False)
    # What the files say and, once applied, which rows it left: the same again is not read again.
    digest = models.CharField(max_length=64, blank=True, editable=False)
    rows_digest = models.CharField(max_length=64, blank=True, editable=False)
    unchanged_since = models.DateTimeField(null=True, editable=False)  # recognised: nothing is staged
    attempts = models.PositiveSmallIntegerField(default=0)
    held_until = models.DateTimeField(null=True)
    # Why it was refused or failed: a code of schools.rosters.refusals or of schools.rosters.outcomes.
    reason = models.CharField(max_length=40, blank=True)
    reason_source = models.CharField(max_length=200, blank=True)
    reason_line = models.PositiveIntegerField(default=0)

    objects = RosterImportQuerySet.as_manager()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports de fichiers")
        indexes = [
            models.Index(fields=["school", "-id"], name="import_of_a_school"),
            models.Index(
                fields=["held_until"],
                condition=Q(state__in=["uploaded", "reading", "applying"]),
                name="import_at_work",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["school"],
                condition=Q(state__in=["mapping", "uploaded", "reading", "ready", "applying"]),
                name="one_import_at_a_time",
            ),
            models.CheckConstraint(condition=Q(progress__lte=100), name="import_progress"),
            models.CheckConstraint(
                # Whoever reads a refusal finds its reason.
                condition=~Q(state__in=["refused", "failed"]) | ~Q(reason=""),
                name="import_says_why",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} — {self.school}"

    @property
    def subject(self) -> str:
        """What the journal calls it."""
        return f"roster_import:{self.public_id}"

    @property
    def is_unfinished(self) -> bool:
        """Whether something is still to come."""
        return self.state in self.UNFINISHED

    @property
    def is_moving(self) -> bool:
        """Whether a worker is, or will be, at it: the page is worth reading again soon."""
        return self.state in (self.State.UPLOADED, self.State.READING, self.State.APPLYING)


class RosterFile(models.Model):
    """A file as it was handed over. Its bytes are forgotten once applied, or after seven days."""

    roster_import = models.ForeignKey(RosterImport, on_delete=models.CASCADE, related_name="files")
    position = models.PositiveSmallIntegerField()
    name = models.CharField(max_length=100)
    size = models.PositiveIntegerField()
    digest = models.CharField(max_length=64, blank=True, editable=False)  # SHA-256

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["roster_import", "position"], name="one_file_per_position"),
        ]

    def __str__(self) -> str:
        return self.name


class RosterFilePart(models.Model):
    """A megabyte of a file, compressed: web and worker share no disk (DESIGN section 3)."""

    file = models.ForeignKey(RosterFile, on_delete=models.CASCADE, related_name="parts")
    number = models.PositiveSmallIntegerField()
    content = models.BinaryField()

    class Meta:
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["file", "number"], name="one_part_per_number")]

    def __str__(self) -> str:
        return f"{self.file_id}/{self.number}"


class RosterRefusal(models.Model):
    """A line that was not taken, or only in part: where it stands and why, never what it says."""

    roster_import = models.ForeignKey(RosterImport, on_delete=models.CASCADE, related_name="refusals")
    source = models.CharField(max_length=200)
    line = models.PositiveIntegerField()
    code = models.CharField(max_length=40)
    field = models.CharField(max_length=60, blank=True)
    whole = models.BooleanField()

    def __str__(self) -> str:
        return f"{self.source}:{self.line} {self.code}"


class Staged(models.Model):
    """A row as it was read, until the import is applied or given up. ``outcome`` says what it changes.

    Its tables are not in PostgreSQL's journal: after a crash they are empty, and the import says so.
    """

    class Outcome(models.TextChoices):
        """What becomes of a row."""

        NEW = "new", _("nouveau")
        CHANGED = "changed", _("modifié")
        UNCHANGED = "unchanged", _("inchangé")
        REPEATED = "repeated", _("en double")  # of a record that was merged by hand
        REFUSED = "refused", _("non retenu")

    roster_import = models.ForeignKey(
        RosterImport, on_delete=models.CASCADE, related_name="+", db_index=False
    )
    source = models.CharField(max_length=200)
    line = models.PositiveIntegerField()
    outcome = models.CharField(max_length=9, choices=Outcome, blank=True, db_default="")

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.source}:{self.line}"


class StagedDivision(Staged):
    """:class:`schools.rosters.rows.DivisionRow`."""

    code = models.CharField(max_length=60)
    name = models.CharField(max_length=100, blank=True)
    kind = models.CharField(max_length=8)

    class Meta(Staged.Meta):
        constraints = [
            models.UniqueConstraint(fields=["roster_import", "code"], name="staged_division_once"),
        ]


class StagedPupil(Staged):
    """:class:`schools.rosters.rows.PupilRow`, and whom it is."""

    key = models.CharField(max_length=200)
    ine = models.CharField(max_length=11, blank=True)
    family_name = models.CharField(max_length=100)
    first_name = models.CharField(max_length=100)
    usage_name = models.CharField(max_length=100, blank=True)
    other_first_names = models.CharField(max_length=100, blank=True)
    birth_date = models.CharField(max_length=10, blank=True)
    sex = models.CharField(max_length=1, blank=True)
    divisions = ArrayField(models.CharField(max_length=60))
    student = models.ForeignKey(
        "schools.Student",
        on_delete=models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    changes = ArrayField(models.CharField(max_length=30), db_default=[])
    has_twin = models.BooleanField(db_default=False)  # another record has this name and this birth date
    # As of the records; a trigger fills it in. PostgreSQL makes a generated column anew at every update.
    identity_key = models.CharField(max_length=420, db_default="", editable=False)

    class Meta(Staged.Meta):
        constraints = [
            models.UniqueConstraint(fields=["roster_import", "key"], name="staged_pupil_once"),
        ]


class StagedContact(Staged):
    """:class:`schools.rosters.rows.ContactRow`, and whom it is."""

    key = models.CharField(max_length=200)
    title = models.CharField(max_length=4, blank=True)
    family_name = models.CharField(max_length=100)
    first_name = models.CharField(max_length=100, blank=True)
    usage_name = models.CharField(max_length=100, blank=True)
    mobile = models.CharField(max_length=16, blank=True)
    phone = models.CharField(max_length=16, blank=True)
    email = models.CharField(max_length=254, blank=True)
    sms_consent = models.BooleanField()
    contact = models.ForeignKey(
        "schools.GuardianContact",
        on_delete=models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    changes = ArrayField(models.CharField(max_length=30), db_default=[])
    # As of the records; a trigger fills it in. PostgreSQL makes a generated column anew at every update.
    identity_key = models.CharField(max_length=420, db_default="", editable=False)

    class Meta(Staged.Meta):
        constraints = [
            models.UniqueConstraint(fields=["roster_import", "key"], name="staged_contact_once"),
        ]


class StagedTie(Staged):
    """:class:`schools.rosters.rows.TieRow`."""

    pupil = models.CharField(max_length=200)
    contact = models.CharField(max_length=200)
    responsibility = models.CharField(max_length=9)
    relationship = models.CharField(max_length=60, blank=True)

    class Meta(Staged.Meta):
        indexes = [models.Index(fields=["roster_import"], name="staged_tie_of_an_import")]


class StagedStaff(Staged):
    """:class:`schools.rosters.rows.StaffRow`, and whom it is."""

    key = models.CharField(max_length=200)
    family_name = models.CharField(max_length=100)
    first_name = models.CharField(max_length=100)
    role = models.CharField(max_length=8)
    identifier = models.CharField(max_length=60, blank=True)
    email = models.CharField(max_length=254, blank=True)
    # Nothing where the table has no such column: what is known stays. Empty where the school says so.
    personal_phone = models.CharField(max_length=16, null=True)  # noqa: DJ001
    professional_phone = models.CharField(max_length=16, null=True)  # noqa: DJ001
    mobile = models.CharField(max_length=16, null=True)  # noqa: DJ001
    divisions = ArrayField(models.CharField(max_length=60))
    member = models.ForeignKey(
        "schools.StaffMember",
        on_delete=models.DO_NOTHING,
        null=True,
        db_constraint=False,
        db_index=False,
        related_name="+",
    )
    changes = ArrayField(models.CharField(max_length=30), db_default=[])
    # As of the records; a trigger fills it in. PostgreSQL makes a generated column anew at every update.
    identity_key = models.CharField(max_length=420, db_default="", editable=False)

    class Meta(Staged.Meta):
        constraints = [
            models.UniqueConstraint(fields=["roster_import", "key"], name="staged_staff_once"),
        ]
