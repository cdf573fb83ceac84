"""What somebody asks of a school, and what became of it."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import Concat, Now
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.models.sign_ups import random_secret
from schools.models import Academy, School, Student
from schools.scope import Scope
from schools.search_key import SearchKey, words_of

LONGEST = 1_000  # characters of a text, asked or answered


class SupportRequestQuerySet(models.QuerySet["SupportRequest"]):
    """Requests, by who may answer them and where they stand."""

    def open_to(self, scope: Scope) -> SupportRequestQuerySet:
        """Return the requests to the schools of a scope, and those to its académies (SAFETY T50)."""
        if scope.everywhere or not scope:
            return self if scope else self.none()
        # By keys of the index, and not by a join with the tables of schools and académies.
        wanted = Q()
        if scope.academies:
            wanted |= Q(academy__in=Academy.objects.keys_within(Scope(academies=scope.academies)))
        if scope.schools:
            keys = School.objects.filter(uai__in=sorted(scope.schools)).values_list("pk", flat=True)
            wanted |= Q(school__in=list(keys))
        return self.filter(wanted)

    def waiting(self) -> SupportRequestQuerySet:
        """Keep those that nobody answered yet."""
        return self.filter(state=SupportRequest.State.OPEN)

    def nudged_lately(self, academy: Academy, school: School | None) -> SupportRequestQuerySet:
        """Keep those of a school, or of an académie, of which somebody was told within a day."""
        lately = self.filter(nudged=True, opened_at__gt=Now() - timedelta(days=1))
        return lately.filter(school=school) if school else lately.filter(academy=academy, school=None)


class SupportRequest(models.Model):
    """Somebody says that a school's record of them is wrong, or that they cannot get in.

    It holds what the person typed and nothing that a school knows: whoever names a school and a child
    learns nothing from having asked (SAFETY G1). ``student`` is set only where the portal itself opens a
    request, about a child that the person has been shown already.
    """

    class Kind(models.TextChoices):
        """What it is about."""

        RECORD = "record", _("Fiche de l’établissement")

    class Reason(models.TextChoices):
        """What does not work."""

        MOBILE = "mobile", _("Je ne reçois pas le SMS : mon numéro a changé, manque ou est faux")
        CHILD = "child", _("Il manque un de mes enfants")
        LOCKED = "locked", _("C’est bloqué après des dates de naissance fausses")
        NAME = "name", _("Mon nom n’est pas reconnu")
        NOT_GUARDIAN = "not_guardian", _("Je ne suis pas le représentant légal d’un élève qui m’est montré")

    class State(models.TextChoices):
        """Where it stands. Only « open » ever changes into another."""

        OPEN = "open", _("À traiter")
        ANSWERED = "answered", _("Répondue")
        CLOSED = "closed", _("Classée sans réponse")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    link_secret = models.CharField(max_length=32, default=random_secret)
    submission = models.UUIDField(unique=True)  # of the form: sent twice, it is one request (SAFETY F14)
    kind = models.CharField(_("objet"), max_length=10, choices=Kind)
    reason = models.CharField(_("raison"), max_length=12, choices=Reason)
    state = models.CharField(_("état"), max_length=8, choices=State, default=State.OPEN)
    school = models.ForeignKey(
        School, verbose_name=_("établissement"), on_delete=models.PROTECT, null=True, related_name="+",
        db_index=False,
    )  # fmt: skip
    academy = models.ForeignKey(
        Academy, verbose_name=_("académie"), on_delete=models.PROTECT, related_name="+", db_index=False
    )
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="support_requests")
    student = models.ForeignKey(Student, on_delete=models.SET_NULL, null=True, related_name="+")
    first_name = models.CharField(_("prénom"), max_length=100)  # as typed, like the name and the child's
    last_name = models.CharField(_("nom"), max_length=100)
    child = models.CharField(_("élève"), max_length=200, blank=True)
    mail = models.CharField(_("courriel"), max_length=254, blank=True)
    mobile = models.CharField(_("téléphone portable"), max_length=16, blank=True)
    text = models.CharField(_("message"), max_length=LONGEST, blank=True)
    language = models.CharField(max_length=8, default="fr")
    way_on = models.CharField(max_length=100, default="home")  # the name of the page to go on from
    nudged = models.BooleanField(default=False)  # the head of the school, or the DANE, was written to
    answer = models.CharField(_("réponse"), max_length=LONGEST, blank=True)
    answered_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    opened_at = models.DateTimeField(_("ouverte le"), db_default=Now(), editable=False)
    closed_at = models.DateTimeField(_("fermée le"), null=True)
    search_key = models.GeneratedField(
        expression=SearchKey(
            Concat(
                "first_name", Value(" "), "last_name", Value(" "), "child", output_field=models.CharField()
            )
        ),
        output_field=models.CharField(max_length=820),
        db_persist=True,
    )

    objects = SupportRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("demande")
        verbose_name_plural = _("demandes")
        indexes = [
            GinIndex(words_of("search_key"), name="request_search"),
            models.Index(fields=["academy", "-id"], name="request_of_an_academy"),
            models.Index(fields=["school", "-id"], name="request_to_a_school"),
            # What waits, which staff filter for: little beside what was answered.
            models.Index(fields=["academy", "-id"], condition=Q(state="open"), name="request_waiting"),
            models.Index(fields=["-id"], condition=Q(state="open"), name="request_waiting_anywhere"),
            models.Index(fields=["mail"], condition=~Q(mail=""), name="request_mail"),
            models.Index(fields=["closed_at"], condition=~Q(closed_at=None), name="request_closed"),
            models.Index(fields=["opened_at"], name="request_opened"),
        ]
        constraints = [
            models.CheckConstraint(condition=Q(kind__in=["record"]), name="request_kind"),
            models.CheckConstraint(
                condition=Q(reason__in=["mobile", "child", "locked", "name", "not_guardian"]),
                name="request_reason",
            ),
            models.CheckConstraint(condition=Q(mail="") | Q(mobile=""), name="request_has_one_way_back"),
            models.CheckConstraint(
                condition=Q(state="open", closed_at=None)
                | Q(state__in=["answered", "closed"], closed_at__isnull=False),
                name="request_ends_with_a_date",
            ),
            models.CheckConstraint(
                condition=~Q(state="answered") | ~Q(answer=""), name="request_answered_in_words"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}"

    @property
    def subject(self) -> str:
        """What the journal calls it."""
        return f"request:{self.public_id}"

    @property
    def is_open(self) -> bool:
        """Whether somebody is still waiting."""
        return self.state == self.State.OPEN

    @property
    def has_way_back(self) -> bool:
        """Whether the person can be told."""
        return bool(self.mail or self.mobile)
