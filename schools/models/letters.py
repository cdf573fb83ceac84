"""Letters on paper for a first sign-in: a batch for a school, its letters, and its files for a day."""

from __future__ import annotations

import uuid
from datetime import date, timedelta
from typing import Any

from django.db import models
from django.db.models import Case, Q, Value, When
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from ..school_year import PARIS
from ..scope import Scope
from .pupils import Division, GuardianContact, Student
from .schools import School
from .staff import StaffMember

FILES_KEPT = timedelta(hours=24)


class Audience(models.TextChoices):
    """Whom a letter is for."""

    PUPIL = "pupil", _("Les élèves")
    STAFF = "staff", _("Le personnel")
    GUARDIAN = "guardian", _("Les responsables sans portable connu")


PERSON = {Audience.PUPIL: "student", Audience.STAFF: "staff_member", Audience.GUARDIAN: "contact"}


class LetterBatchQuerySet(models.QuerySet["LetterBatch"]):
    """Batches, who may see them, and which of them go on."""

    def open_to(self, scope: Scope) -> LetterBatchQuerySet:
        """Return the batches of the schools of a scope (SAFETY T50)."""
        return scope.limit(self, "school__academy__code", "school__uai")

    def unfinished(self) -> LetterBatchQuerySet:
        """Keep those that a worker is, or will be, at."""
        return self.filter(state__in=LetterBatch.UNFINISHED)

    def with_files(self) -> LetterBatchQuerySet:
        """Keep those whose files can still be had, by PostgreSQL's clock (SAFETY F16)."""
        return self.filter(state=LetterBatch.State.READY, files_erased_at=None, files_until__gt=Now())


class LetterBatch(models.Model):
    """Letters asked for together by somebody of a school. The row says where it stands.

    None of its codes opens anything before all of them are printed: what goes wrong on the way leaves the
    letters that people have at home as they were.
    """

    class State(models.TextChoices):
        """Where it stands."""

        WAITING = "waiting", _("Lettres en attente")
        MAKING = "making", _("Lettres en préparation")
        READY = "ready", _("Lettres prêtes")
        FAILED = "failed", _("Lettres interrompues")
        CANCELLED = "cancelled", _("Lettres abandonnées")

    UNFINISHED = (State.WAITING, State.MAKING)

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    submission = models.UUIDField(unique=True)  # of the form: sent twice, it asks for one batch
    school = models.ForeignKey(
        School, verbose_name=_("établissement"), on_delete=models.CASCADE, related_name="letter_batches",
        db_index=False,
    )  # fmt: skip
    audience = models.CharField(_("pour qui"), max_length=8, choices=Audience)
    divisions = models.ManyToManyField(Division, related_name="+")  # none: the whole school
    includes_known = models.BooleanField(default=False)  # also who has an account already
    language = models.CharField(_("langue"), max_length=8)
    per_page = models.PositiveSmallIntegerField(_("lettres par page"))
    state = models.CharField(_("état"), max_length=9, choices=State, default=State.WAITING)
    reason = models.CharField(max_length=20, blank=True)  # why it failed: a code of schools.letters.outcomes
    total = models.PositiveIntegerField(_("lettres"), default=0)
    made = models.PositiveIntegerField(default=0)
    printed = models.PositiveIntegerField(default=0)  # of those made, how many stand in a file
    asked_by = models.CharField(_("demandé par"), max_length=80)  # as the journal names them
    asked_at = models.DateTimeField(_("demandé le"), db_default=Now(), editable=False)
    expires_at = models.DateTimeField(_("codes valables jusqu’au"))  # of its codes
    ready_at = models.DateTimeField(_("prêt le"), null=True)
    files_until = models.DateTimeField(null=True)
    files_erased_at = models.DateTimeField(null=True)
    attempts = models.PositiveSmallIntegerField(default=0)  # of workers, since the last progress
    held_until = models.DateTimeField(null=True)

    objects = LetterBatchQuerySet.as_manager()

    class Meta:
        verbose_name = _("lettres de première connexion")
        verbose_name_plural = _("lettres de première connexion")
        indexes = [
            models.Index(fields=["school", "-id"], name="letters_of_a_school"),
            models.Index(fields=["expires_at"], name="letters_end"),
            models.Index(
                fields=["held_until"], condition=Q(state__in=["waiting", "making"]), name="letters_at_work"
            ),
            models.Index(
                fields=["files_until"],
                condition=Q(files_erased_at=None, files_until__isnull=False),
                name="letters_with_files",
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["school"],
                condition=Q(state__in=["waiting", "making"]),
                name="one_batch_of_letters_at_a_time",
            ),
            models.CheckConstraint(condition=Q(per_page__in=[1, 2, 8]), name="letters_on_a_page"),
            models.CheckConstraint(condition=Q(audience__in=Audience.values), name="letters_audience"),
            models.CheckConstraint(
                condition=~Q(state="failed") | ~Q(reason=""), name="letters_failed_say_why"
            ),
            models.CheckConstraint(
                condition=~Q(state="ready") | Q(files_until__isnull=False), name="letters_files_end"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_audience_display()} — {self.school}"

    @property
    def subject(self) -> str:
        """What the journal calls it."""
        return f"letter_batch:{self.public_id}"

    @property
    def last_day(self) -> date:
        """The last day of its codes, which end at midnight in Paris."""
        return (self.expires_at - timedelta(seconds=1)).astimezone(PARIS).date()

    @property
    def is_unfinished(self) -> bool:
        """Whether a worker is, or will be, at it: the page is worth reading again soon."""
        return self.state in self.UNFINISHED

    @property
    def progress(self) -> int:
        """How far it is, in percent: a code for each letter, then the pages."""
        if self.state == self.State.READY:
            return 100
        return min(99, 50 * (self.made + self.printed) // max(self.total, self.made, 1))


class Standing(models.TextChoices):
    """What became of a letter that was given."""

    GIVEN = "given", _("Pas encore utilisée")
    SPENT = "spent", _("Utilisée")
    REVOKED = "revoked", _("Annulée ou remplacée")
    EXPIRED = "expired", _("Trop ancienne")


class LetterQuerySet(models.QuerySet["Letter"]):
    """Letters, who may see them, and which of them still open something."""

    def open_to(self, scope: Scope) -> LetterQuerySet:
        """Return the letters of the schools of a scope (SAFETY T50)."""
        return scope.limit(self, "batch__school__academy__code", "batch__school__uai")

    def given(self) -> LetterQuerySet:
        """Leave out those of a batch that is not ready."""
        return self.exclude(given_at=None)

    def in_force(self) -> LetterQuerySet:
        """Keep those given that nobody has used or revoked; their time may be over."""
        return self.filter(given_at__isnull=False, spent_at=None, revoked_at=None)

    def alive(self) -> LetterQuerySet:
        """Keep those that can be used now, by PostgreSQL's clock (SAFETY F16)."""
        return self.in_force().filter(expires_at__gt=Now())

    def with_standing(self) -> LetterQuerySet:
        """Add what became of each (:class:`Standing`), by PostgreSQL's clock."""
        return self.annotate(
            standing=Case(
                When(spent_at__isnull=False, then=Value(Standing.SPENT)),
                When(revoked_at__isnull=False, then=Value(Standing.REVOKED)),
                When(expires_at__lte=Now(), then=Value(Standing.EXPIRED)),
                default=Value(Standing.GIVEN),
                output_field=models.CharField(),
            )
        )

    def standings(self) -> list[tuple[str, int]]:
        """Count them by what became of them, in words."""
        rows: Any = self.with_standing().order_by()
        found = dict(rows.values_list("standing").annotate(models.Count("pk")))
        return [(str(each.label), found[each]) for each in Standing if each in found]


class Letter(models.Model):
    """One letter for one person: what the school gave, never the code itself (:mod:`schools.letters.codes`).

    A person has one at a time that opens something, whichever school gave it.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    batch = models.ForeignKey(LetterBatch, on_delete=models.CASCADE, related_name="letters")
    audience = models.CharField(max_length=8, choices=Audience)
    student = models.ForeignKey(Student, on_delete=models.CASCADE, null=True, related_name="letters")
    staff_member = models.ForeignKey(StaffMember, on_delete=models.CASCADE, null=True, related_name="letters")
    contact = models.ForeignKey(GuardianContact, on_delete=models.CASCADE, null=True, related_name="letters")
    division = models.ForeignKey(Division, on_delete=models.SET_NULL, null=True, related_name="letters")
    digest = models.CharField(max_length=64, unique=True)
    given_at = models.DateTimeField(null=True)  # when its whole batch was printed
    expires_at = models.DateTimeField()
    spent_at = models.DateTimeField(null=True)
    spent_by = models.CharField(max_length=64, blank=True)  # a hash of the device that used it
    revoked_at = models.DateTimeField(null=True)  # by somebody, or by a newer letter

    standing: str  # of those read with :meth:`LetterQuerySet.with_standing`

    objects = LetterQuerySet.as_manager()

    class Meta:
        verbose_name = _("lettre")
        verbose_name_plural = _("lettres")
        constraints = [
            *(
                models.UniqueConstraint(
                    fields=[person],
                    condition=Q(given_at__isnull=False, spent_at=None, revoked_at=None),
                    name=f"one_letter_in_force_per_{person}",
                )
                for person in ("student", "staff_member", "contact")
            ),
            models.CheckConstraint(
                condition=Q(audience="pupil", student__isnull=False, staff_member=None, contact=None)
                | Q(audience="staff", student=None, staff_member__isnull=False, contact=None)
                | Q(audience="guardian", student=None, staff_member=None, contact__isnull=False),
                name="letter_for_one_person",
            ),
            models.CheckConstraint(
                condition=Q(spent_at=None) | Q(given_at__isnull=False), name="letter_given_before_spent"
            ),
            models.CheckConstraint(
                condition=Q(spent_at=None) | Q(revoked_at=None), name="letter_spent_or_revoked"
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    @property
    def standing_in_words(self) -> str:
        """What became of it, where that was asked for."""
        return str(Standing(self.standing).label)

    @property
    def person(self) -> Student | StaffMember | GuardianContact:
        """Whom it is for."""
        person = self.student or self.staff_member or self.contact
        if person is None:
            raise ValueError("a constraint forbids a letter for nobody")
        return person


class LetterPart(models.Model):
    """What a hundred letters of a batch say, codes among it, sealed (:mod:`schools.letters.keeping`)."""

    batch = models.ForeignKey(LetterBatch, on_delete=models.CASCADE, related_name="parts", db_index=False)
    number = models.PositiveIntegerField()
    count = models.PositiveSmallIntegerField()
    sealed = models.BinaryField()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "number"], name="one_part_of_letters_per_number"),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id}: {self.number}"


class LetterFile(models.Model):
    """A PDF of a batch, sealed."""

    batch = models.ForeignKey(LetterBatch, on_delete=models.CASCADE, related_name="files", db_index=False)
    number = models.PositiveIntegerField()
    count = models.PositiveSmallIntegerField()  # letters in it
    size = models.PositiveIntegerField()  # bytes of the PDF
    sealed = models.BinaryField()

    class Meta:
        ordering = ["number"]
        constraints = [
            models.UniqueConstraint(fields=["batch", "number"], name="one_file_of_letters_per_number"),
        ]

    def __str__(self) -> str:
        return f"{self.batch_id}: {self.number}"
