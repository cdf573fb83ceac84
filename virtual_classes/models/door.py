"""Who stands at the door of a session, and who was let in."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import User

from .sessions import ClassSession


class Role(models.TextChoices):
    """As what somebody comes: what their account says, or nothing at all."""

    PUPIL = "pupil", _("Élève")
    GUARDIAN = "guardian", _("Parent")
    COLLEAGUE = "colleague", _("Enseignant")
    OTHER = "other", _("Autre compte")
    VISITOR = "visitor", _("Sans compte")


class Resemblance(models.TextChoices):
    """Whom the name of a visitor looks like (SAFETY T46)."""

    TEACHER = "teacher", _("Ressemble au nom d’un enseignant de la classe.")
    PUPIL = "pupil", _("Ressemble au nom d’un élève de la classe.")


class EntryQuerySet(models.QuerySet["Entry"]):
    """People at a door, by where they stand."""

    def waiting(self) -> EntryQuerySet:
        """Keep those whom nobody answered."""
        return self.filter(state=Entry.State.WAITING)

    def inside(self) -> EntryQuerySet:
        """Keep those who have a seat."""
        return self.filter(state__in=Entry.SEATED)

    def of(self, user: object, browser: str) -> EntryQuerySet:
        """Keep those of a person, or else of a browser: the doorway of those who knock."""
        if isinstance(user, User):
            return self.filter(user=user)
        return self.filter(user=None, browser=browser) if browser else self.none()


class Entry(models.Model):
    """Somebody at the door of one session: one for a person, or for a browser without one.

    Erased the next morning: nothing stays of who was in which class (SCREENS B7).
    """

    class State(models.TextChoices):
        """Where they stand."""

        WAITING = "waiting", _("Attend")
        ADMITTED = "admitted", _("Admis")
        ENTERED = "entered", _("Entré")
        REFUSED = "refused", _("Refusé")
        LEFT = "left", _("Parti")

    SEATED = ("admitted", "entered")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    session = models.ForeignKey(
        ClassSession, on_delete=models.CASCADE, related_name="entries", db_index=False
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="class_entries")
    browser = models.CharField(max_length=64, blank=True)  # a hash of a visitor's browser's number
    name = models.CharField(max_length=201)  # of the account; a visitor's, as typed
    badge = models.CharField(max_length=100, blank=True)  # the division, as the school declares it
    role = models.CharField(max_length=9, choices=Role)
    is_expected = models.BooleanField(default=False)  # of the division, or invited
    resembles = models.CharField(max_length=7, choices=Resemblance, blank=True)
    state = models.CharField(max_length=8, choices=State, default=State.WAITING)
    came_in = models.BooleanField(default=False, db_default=False)  # was in the class, be it for a while
    seat_key = models.UUIDField(default=uuid.uuid4)  # what the room calls this person
    knocked_at = models.DateTimeField(db_default=Now(), editable=False)

    objects = EntryQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["session", "state", "id"], name="entry_at_a_door")]
        constraints = [
            models.UniqueConstraint(
                fields=["session", "user"], condition=Q(user__isnull=False), name="one_entry_per_person"
            ),
            models.UniqueConstraint(
                fields=["session", "browser"], condition=Q(user=None), name="one_entry_per_browser"
            ),
            models.CheckConstraint(
                condition=Q(user__isnull=False, browser="") | Q(user=None) & ~Q(browser=""),
                name="entry_of_a_person_or_a_browser",
            ),
            models.CheckConstraint(condition=Q(role__in=Role.values), name="entry_role"),
            models.CheckConstraint(
                condition=Q(state__in=["waiting", "admitted", "entered", "refused", "left"]),
                name="entry_state",
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    @property
    def is_verified(self) -> bool:
        """Whether an account says who it is."""
        return self.user_id is not None

    @property
    def has_seat(self) -> bool:
        """Whether they were let in."""
        return self.state in self.SEATED
