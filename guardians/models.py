"""A guardian's first sign-in, kept step by step, and the children it ends with (SCREENS D5 to D10)."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import User, WaitingNumber
from accounts.models.visits import Visit, visit_constraints, visit_indexes
from schools.models import GuardianContact, GuardianTie, Responsibility, Schooling, Student
from schools.models.pupils import GIVES_ACCESS

AT_HAND = timedelta(minutes=30)  # a code, and each step of a first sign-in (SCREENS D6, SAFETY 0.1 point 3)
A_WEEK = timedelta(days=7)  # a code given by the school
GUESSES = 5  # of one code (SAFETY G7)
PROPOSAL_LIVES = timedelta(minutes=10)  # between the proof of the other account and « Confirmer »
UNDO_LIVES = timedelta(days=30)
IN_A_ROW = 10  # wrong birth dates of one child, by whomever; then its school opens it again (SAFETY G8)


class Answer(models.TextChoices):
    """What somebody declares for a child (SCREENS D7)."""

    GUARDIAN = "guardian", _("Je suis le représentant légal de cet élève")
    NOT_GUARDIAN = "not_guardian", _("Je ne suis pas le représentant légal de cet élève")


class ActivationQuerySet(models.QuerySet["Activation"]):
    """First sign-ins under way."""

    def alive(self) -> ActivationQuerySet:
        """Keep those whose last step was taken less than thirty minutes ago."""
        return self.filter(lives_until__gt=Now())


class Activation(models.Model):
    """The first sign-in of one guardian, from their name to their identifier.

    It belongs to the browser that began it. Who is in no school's record has one as well, which never
    gets a code: nobody learns from the pages whom a school knows (SAFETY G1, T6). The code stands nowhere:
    :mod:`guardians.codes` derives it.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    browser = models.CharField(max_length=64)  # a hash of the browser's own number
    language = models.CharField(max_length=8, default="fr")
    first_name = models.CharField(max_length=100)  # as typed, like the name and the number
    last_name = models.CharField(max_length=100)
    mobile = models.CharField(max_length=16, blank=True)  # empty for who came by FranceConnect
    issuer = models.CharField(max_length=255, blank=True)  # with ``sub``: who FranceConnect says it is
    sub = models.CharField(max_length=255, blank=True)
    contacts = ArrayField(models.BigIntegerField(), default=list)  # the school's records that match
    code_number = models.PositiveSmallIntegerField(default=1)  # another one for each code sent again
    guesses = models.PositiveSmallIntegerField(default=0)
    lives_until = models.DateTimeField(db_default=Now() + AT_HAND)
    verified_at = models.DateTimeField(null=True)
    user = models.OneToOneField(User, on_delete=models.CASCADE, null=True, related_name="activation")
    acknowledged_at = models.DateTimeField(null=True)  # the identifier was read
    # Who came with a code of the school, and who adds a child to the account they are signed in to.
    pairing = models.OneToOneField(
        "guardians.PairingCode", on_delete=models.SET_NULL, null=True, related_name="activation"
    )
    joins = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="+")

    objects = ActivationQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["browser"], name="activation_browser"),
            models.Index(fields=["lives_until"], name="activation_end"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(user=None) | Q(verified_at__isnull=False), name="activation_ends_after_its_code"
            ),
            models.CheckConstraint(
                condition=Q(verified_at=None) | ~Q(contacts=[]), name="activation_of_a_contact"
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    @property
    def subject(self) -> str:
        """What the journal calls it."""
        return f"activation:{self.public_id}"

    @property
    def came_by_school_code(self) -> bool:
        """Whether a code on paper stood for the SMS: no number of theirs was written to."""
        return not self.mobile and not self.sub


class ActivationAnswer(models.Model):
    """What was declared for one child on the way; with a right birth date where it gives access."""

    activation = models.ForeignKey(Activation, on_delete=models.CASCADE, related_name="answers")
    student = models.ForeignKey(Student, on_delete=models.CASCADE, related_name="+")
    answer = models.CharField(max_length=12, choices=Answer)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["activation", "student"], name="one_answer_per_child"),
            models.CheckConstraint(condition=Q(answer__in=Answer.values), name="activation_answer"),
        ]

    def __str__(self) -> str:
        return f"{self.activation_id}: {self.answer}"


class PairingCodeQuerySet(models.QuerySet["PairingCode"]):
    """Codes that schools gave."""

    def unused(self) -> PairingCodeQuerySet:
        """Keep those that nobody has used or revoked, and whose week is not over."""
        return self.filter(spent_at=None, revoked_at=None, expires_at__gt=Now())

    def alive(self) -> PairingCodeQuerySet:
        """Keep those that still open something: the school's record gives it, asked anew."""
        return self.unused().filter(PairingCode.gives_access("tie__"))

    def usable_in(self, browser: str) -> PairingCodeQuerySet:
        """Keep those, and what this browser has just begun with one: the same form may come twice (F14)."""
        begun = Q(
            spent_at__isnull=False,
            activation__browser=browser,
            activation__user=None,
            activation__lives_until__gt=Now(),
        )
        unused = Q(spent_at=None, revoked_at=None, expires_at__gt=Now())
        return self.filter(unused | begun).filter(PairingCode.gives_access("tie__"))


class PairingCode(models.Model):
    """A code that a school gave for one child and one of its contacts (:mod:`guardians.pairing`)."""

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    submission = models.UUIDField(unique=True)  # of the form: sent twice, it gives one code
    digest = models.CharField(max_length=64, unique=True)
    tie = models.ForeignKey(GuardianTie, on_delete=models.CASCADE, related_name="pairing_codes")
    given_by = models.ForeignKey(User, on_delete=models.SET_NULL, null=True, related_name="+")
    given_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField(db_default=Now() + A_WEEK)
    spent_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)

    objects = PairingCodeQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="pairing_code_end")]
        constraints = [
            models.CheckConstraint(
                condition=Q(spent_at=None) | Q(revoked_at=None), name="pairing_code_spent_or_revoked"
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    @staticmethod
    def gives_access(tie: str = "") -> Q:
        """Return the condition that a tie, at ``tie``, gives its contact access to the child now."""
        student = OuterRef(f"{tie}student")
        return Q(
            Exists(Schooling.objects.with_access().filter(student=student)),
            **{f"{tie}removed_at": None, f"{tie}responsibility__in": GIVES_ACCESS},
        )


class ContactAccount(models.Model):
    """A school's record of a person has one account, and one only (SAFETY 5, guardian activation)."""

    contact = models.OneToOneField(GuardianContact, on_delete=models.CASCADE, related_name="account")
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="contact_accounts")

    def __str__(self) -> str:
        return f"{self.contact_id} → {self.user_id}"


class FranceConnectAccount(models.Model):
    """The account that somebody comes to by FranceConnect: known by issuer and ``sub`` alone (SAFETY T42)."""

    issuer = models.CharField(max_length=255)
    sub = models.CharField(max_length=255)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="franceconnect_accounts")
    since = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["issuer", "sub"], name="one_account_per_franceconnect_identity")
        ]

    def __str__(self) -> str:
        return f"{self.issuer} → {self.user_id}"


class GuardianshipQuerySet(models.QuerySet["Guardianship"]):
    """Who answers for whom."""

    def in_force(self) -> GuardianshipQuerySet:
        """Keep what the school's record still gives, asked anew at each page (SAFETY T15).

        A tie that the school took away gives nothing from that moment on; a child who left gives access
        for seven days more; a person merely to be called gives none.
        """
        return self.filter(
            Exists(Schooling.objects.with_access().filter(student=OuterRef("tie__student"))),
            tie__removed_at=None,
            tie__responsibility__in=GIVES_ACCESS,
        )

    def consenting(self) -> GuardianshipQuerySet:
        """Keep those who may consent for the child: legal guardians, not persons in charge (SCREENS D7)."""
        return self.in_force().filter(tie__responsibility=Responsibility.LEGAL)


class Guardianship(models.Model):
    """An account's tie to a child: proved by a birth date, given by the school's record.

    One for each record of a school: a child in two schools gives two.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="guardianships")
    tie = models.OneToOneField(GuardianTie, on_delete=models.CASCADE, related_name="guardianship")
    since = models.DateTimeField(db_default=Now(), editable=False)

    objects = GuardianshipQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.user_id} → {self.tie_id}"


class GuardianAccount(models.Model):
    """What a guardian's account keeps of its own, beside what schools declare (SCREENS D10).

    The mobile is unique to nobody: two guardians may share a phone. Changing it changes no school's record.
    """

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="guardian_account")
    mobile = models.CharField(max_length=16, blank=True)  # confirmed by a code; empty: the school's
    shows_alerts = models.BooleanField(default=False)
    visited_at = models.DateTimeField(db_default=Now())  # when the session began that last read the alerts
    visited_on = models.CharField(max_length=40, blank=True)  # its device, as accounts.devices codes it

    def __str__(self) -> str:
        return f"{self.user_id}: account"


class MobileChange(WaitingNumber):
    """A new mobile number that waits for the code sent to it; one per account."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="mobile_change")

    class Meta:
        indexes = [models.Index(fields=["lives_until"], name="mobile_change_end")]
        constraints = [models.CheckConstraint(condition=~Q(mobile=""), name="mobile_change_has_a_number")]


class ChildrenMoveQuerySet(models.QuerySet["ChildrenMove"]):
    """Children brought from one account to another."""

    def proposed(self) -> ChildrenMoveQuerySet:
        """Keep what both accounts proved, and what waits to be confirmed."""
        return self.filter(made_at=None, proposed_at__gt=Now() - PROPOSAL_LIVES)

    def made(self) -> ChildrenMoveQuerySet:
        """Keep what was done less than thirty days ago."""
        return self.filter(made_at__gt=Now() - UNDO_LIVES)

    def of(self, user: User) -> ChildrenMoveQuerySet:
        """Keep what concerns an account, whichever of the two it is."""
        return self.filter(Q(user=user) | Q(source=user))


class ChildrenMove(models.Model):
    """The children of one account brought to another of the same person (SCREENS D10).

    First proposed, then made, perhaps undone. It names exactly the rows that move, so that no more is moved
    than was shown, and no more is given back than is still as the move left it.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="moves_here")
    source = models.ForeignKey(User, on_delete=models.CASCADE, related_name="moves_away")
    source_proof = models.CharField(max_length=64)  # the password that proved it is still the same one
    guardianships = ArrayField(models.BigIntegerField())
    contacts = ArrayField(models.BigIntegerField())
    franceconnect = ArrayField(models.BigIntegerField(), default=list)  # the FranceConnect of the account
    left_behind = ArrayField(models.BigIntegerField(), default=list)  # guardianships that an undo left
    proposed_at = models.DateTimeField(db_default=Now())
    made_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

    objects = ChildrenMoveQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user"], condition=Q(made_at=None), name="one_children_move_proposed"
            ),
            models.CheckConstraint(condition=~Q(user=F("source")), name="children_move_between_two"),
            models.CheckConstraint(
                condition=Q(undone_at=None) | Q(made_at__isnull=False),
                name="children_move_made_before_undone",
            ),
        ]

    def __str__(self) -> str:
        return str(self.public_id)

    @property
    def subject(self) -> str:
        """What the journal calls it."""
        return f"children_move:{self.public_id}"


class BirthDateTries(models.Model):
    """Wrong birth dates of one child in a row, whoever tried (SAFETY G8): its school sets them back."""

    student = models.OneToOneField(Student, on_delete=models.CASCADE, primary_key=True, related_name="+")
    wrong_in_a_row = models.PositiveSmallIntegerField(default=0)

    def __str__(self) -> str:
        return f"{self.student_id}: {self.wrong_in_a_row}"

    @property
    def is_locked(self) -> bool:
        """Whether no date is judged for this child any more."""
        return self.wrong_in_a_row >= IN_A_ROW


class FranceConnectVisit(Visit):
    """One going to FranceConnect and coming back, for an hour at most; it belongs to no account."""

    class Meta:
        verbose_name = _("passage par FranceConnect")
        verbose_name_plural = _("passages par FranceConnect")
        constraints = visit_constraints("franceconnect_visit")
        indexes = visit_indexes("franceconnect_visit")
