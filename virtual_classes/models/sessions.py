"""The sessions of a class: when, by whom, and where they stand."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField
from django.contrib.postgres.indexes import GistIndex
from django.db import models
from django.db.models import Exists, F, Func, OuterRef, Q, Value
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from schools.models import Division, StaffMember

from .classes import MOST_SEATS, TEACHING, VirtualClass, VirtualClassQuerySet

LATE = timedelta(minutes=30)  # after its end a class that nobody closed closes itself


class KeyRange(Func):
    """A key as a range of one number: core PostgreSQL then knows how to exclude two of them."""

    function = "int8range"


class Trouble(models.TextChoices):
    """Why a room does not open."""

    UNAVAILABLE = "unavailable", _("La salle ne répond pas pour le moment.")
    REFUSED = "refused", _("La salle refuse de s’ouvrir.")
    NOT_CONFIGURED = "not_configured", _("Cette salle n’est pas réglée sur ce portail.")


class ClassSessionQuerySet(models.QuerySet["ClassSession"]):
    """Sessions, by whose they are and where they stand."""

    def run_by(self, user: User) -> ClassSessionQuerySet:
        """Return the sessions of the classes that somebody may run: the doorway of teachers (B2, B6)."""
        return self.filter(virtual_class__in=VirtualClass.objects.run_by(user).values("pk"))

    def attended_by(self, user: User) -> ClassSessionQuerySet:
        """Return the sessions in which somebody is expected."""
        return self.filter(virtual_class__in=VirtualClass.objects.attended_by(user).values("pk"))

    def of_children_of(self, user: User) -> ClassSessionQuerySet:
        """Return the sessions of somebody's children, where parents may come."""
        return self.filter(virtual_class__in=VirtualClass.objects.of_children_of(user).values("pk"))

    def of(self, classes: VirtualClassQuerySet) -> ClassSessionQuerySet:
        """Return the sessions of some classes."""
        return self.filter(virtual_class__in=classes.values("pk"))

    def alive(self) -> ClassSessionQuerySet:
        """Keep those that are to come or run: of a class that is open, and not long past."""
        return self.filter(
            state__in=ClassSession.LIVE,
            virtual_class__closed_at=None,
            during__endswith__gt=Now() - LATE,
        )

    def running(self) -> ClassSessionQuerySet:
        """Keep those that somebody opened."""
        return self.filter(state__in=[ClassSession.State.OPENING, ClassSession.State.OPEN])

    def with_a_roll_to_call(self) -> ClassSessionQuerySet:
        """Keep those of which the portal still knows who went in: that run, or ended since last night."""
        ended = Q(state=ClassSession.State.ENDED, is_counted=False, opened_at__isnull=False)
        return self.filter(ended | Q(state__in=[ClassSession.State.OPENING, ClassSession.State.OPEN]))

    def without_their_teacher(self) -> ClassSessionQuerySet:
        """Keep those whose own teacher may not run them: the account is closed, or the post has ended.

        The rule is that of :meth:`.VirtualClassQuerySet.run_by`, asked of many at once.
        """
        posts = StaffMember.objects.with_access().filter(role__in=TEACHING)
        theirs = (
            posts.filter(account=OuterRef("teacher")),
            posts.filter(other_post__user=OuterRef("teacher")),
        )
        at_school, of_division = Q(), Q()
        for found in theirs:
            at_school |= Q(Exists(found.filter(school=OuterRef("virtual_class__school"))))
            of_division |= Q(Exists(found.filter(divisions=OuterRef("virtual_class__division"))))
        is_own = Q(virtual_class__division=None, virtual_class__teacher=F("teacher"))
        may_run = is_own & (Q(virtual_class__school=None) | at_school) | of_division
        return self.filter(~(Q(teacher__is_active=True) & may_run))

    def in_order(self) -> ClassSessionQuerySet:
        """First what runs or comes first."""
        return self.order_by(F("during__startswith"), "pk")


class ClassSession(models.Model):
    """One hour of a class: planned, opened, ended.

    The database refuses a teacher, or a division, two sessions at once (DESIGN section 6). ``seats_taken``
    counts who was let in; it never passes ``capacity``, whoever comes abreast (SAFETY G9). ``door_version``
    grows with every change at the door, so that who watches it asks for a number only.
    """

    class State(models.TextChoices):
        """Where it stands."""

        PLANNED = "planned", _("Prévue")
        OPENING = "opening", _("En cours d’ouverture")
        OPEN = "open", _("Ouverte")
        ENDED = "ended", _("Terminée")
        CANCELLED = "cancelled", _("Annulée")

    LIVE = ("planned", "opening", "open")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    submission = models.UUIDField(
        unique=True, default=uuid.uuid4
    )  # of the form: sent twice, it is one session
    virtual_class = models.ForeignKey(VirtualClass, on_delete=models.CASCADE, related_name="sessions")
    teacher = models.ForeignKey(User, on_delete=models.CASCADE, related_name="class_sessions")
    division = models.ForeignKey(Division, on_delete=models.CASCADE, null=True, related_name="+")
    during = DateTimeRangeField(_("horaire"))
    state = models.CharField(_("état"), max_length=9, choices=State, default=State.PLANNED)
    capacity = models.PositiveSmallIntegerField(_("places"))
    seats_taken = models.PositiveSmallIntegerField(default=0, db_default=0)
    is_locked = models.BooleanField(default=False)
    door_version = models.BigIntegerField(default=0, db_default=0)

    # The room: which provider's, on which of its servers, and what came of asking for it.
    provider = models.CharField(max_length=40)
    tries = models.PositiveSmallIntegerField(default=1)  # another one for each provider that was tried
    server = models.CharField(max_length=100, blank=True)
    created = models.CharField(max_length=100, blank=True)  # what the provider gave back
    trouble = models.CharField(max_length=14, choices=Trouble, blank=True)
    try_again_at = models.DateTimeField(null=True)
    owes_an_end = models.BooleanField(default=False)  # the room is to be told, and could not be reached
    opened_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    is_counted = models.BooleanField(default=False)  # in the hours of the académie

    objects = ClassSessionQuerySet.as_manager()

    class Meta:
        verbose_name = _("séance")
        verbose_name_plural = _("séances")
        indexes = [
            GistIndex(fields=["during"], name="session_during"),
            models.Index(
                fields=["try_again_at"], condition=~Q(try_again_at=None), name="session_tries_again"
            ),
            models.Index(
                fields=["ended_at"], condition=Q(state="ended", is_counted=False), name="session_to_count"
            ),
        ]
        constraints = [
            ExclusionConstraint(
                name="one_session_of_a_teacher_at_once",
                expressions=[
                    (KeyRange("teacher", "teacher", Value("[]")), "&&"),
                    ("during", "&&"),
                ],
                condition=Q(state__in=["planned", "opening", "open"]),
            ),
            ExclusionConstraint(
                name="one_session_of_a_division_at_once",
                expressions=[
                    (KeyRange("division", "division", Value("[]")), "&&"),
                    ("during", "&&"),
                ],
                condition=Q(state__in=["planned", "opening", "open"], division__isnull=False),
            ),
            models.CheckConstraint(
                condition=Q(during__isempty=False) & Q(during__lower_inf=False) & Q(during__upper_inf=False),
                name="session_has_hours",
            ),
            models.CheckConstraint(
                condition=Q(capacity__gte=1, capacity__lte=MOST_SEATS, seats_taken__lte=F("capacity")),
                name="session_never_oversold",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["planned", "opening", "open", "ended", "cancelled"]),
                name="session_state",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["ended", "cancelled"], ended_at__isnull=False)
                | Q(state__in=["planned", "opening", "open"], ended_at=None),
                name="session_ends_with_a_moment",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.virtual_class_id} {self.during}"

    @property
    def subject(self) -> str:
        """What the journal calls it."""
        return f"class_session:{self.public_id}"

    @property
    def starts_at(self) -> datetime:
        """When it begins."""
        lower: Any = self.during.lower
        assert isinstance(lower, datetime)
        return lower

    @property
    def ends_at(self) -> datetime:
        """When it is to end."""
        upper: Any = self.during.upper
        assert isinstance(upper, datetime)
        return upper

    @property
    def door_opens_at(self) -> datetime:
        """From when on one may knock."""
        return self.starts_at - timedelta(minutes=self.virtual_class.opens_before)

    @property
    def is_running(self) -> bool:
        """Whether somebody opened it, and nobody ended it."""
        return self.state in (self.State.OPENING, self.State.OPEN)

    @property
    def is_open(self) -> bool:
        """Whether its room is there."""
        return self.state == self.State.OPEN

    @property
    def is_live(self) -> bool:
        """Whether it is to come, or runs."""
        return self.state in self.LIVE

    @property
    def is_full(self) -> bool:
        """Whether every seat is taken."""
        return self.seats_taken >= self.capacity

    @property
    def is_near(self) -> bool:
        """Whether it runs, or its door is open, or will be within the hour: what is shown first."""
        return self.is_running or (
            self.state == self.State.PLANNED
            and self.door_opens_at - timedelta(hours=1) <= timezone.now() < self.ends_at + LATE
        )

    @property
    def room_key(self) -> str:
        """What its room is called: another one for each provider that was tried, and nothing to guess."""
        return f"{self.public_id.hex}-{self.tries}"
