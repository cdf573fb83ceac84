"""What a teacher noted of a session: the roll call, and what was done. The teacher's own (SCREENS B6)."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from schools.models import Student

from .sessions import ClassSession

LONGEST_NOTES = 1_000


class SessionRecord(models.Model):
    """The notes of one session, for those who run its class; erased at the end of the term."""

    session = models.OneToOneField(ClassSession, on_delete=models.CASCADE, related_name="record")
    notes = models.CharField(_("ce qui a été fait"), max_length=LONGEST_NOTES, blank=True)
    called_at = models.DateTimeField(_("appel fait le"), null=True)
    kept_until = models.DateField(_("gardé jusqu’au"))
    written_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        indexes = [models.Index(fields=["kept_until"], name="session_record_end")]

    def __str__(self) -> str:
        return str(self.session_id)


class RollCallLine(models.Model):
    """Somebody was there, or was not, when the teacher called the roll."""

    record = models.ForeignKey(SessionRecord, on_delete=models.CASCADE, related_name="lines")
    student = models.ForeignKey(Student, on_delete=models.CASCADE, null=True, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="+")
    name = models.CharField(max_length=201)
    is_present = models.BooleanField(_("présent"))

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["record", "student"], condition=Q(student__isnull=False), name="one_line_per_pupil"
            ),
            models.UniqueConstraint(
                fields=["record", "user"], condition=Q(user__isnull=False), name="one_line_per_account"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.record_id}: {self.pk}"
