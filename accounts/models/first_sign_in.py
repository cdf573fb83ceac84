"""How a member of the staff or a pupil comes to the ENT for the first time, and what they chose there."""

from __future__ import annotations

from datetime import timedelta

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.db.models.functions import Now

from schools.models import StaffMember

from .people import User
from .waiting_numbers import WaitingNumber

A_WEEK = timedelta(days=7)
E164 = r"^(\+[1-9][0-9]{6,14})?$"


class FirstSignInQuerySet(models.QuerySet["FirstSignIn"]):
    """First sign-ins by letter, and whose code still stands for a password."""

    def good(self) -> FirstSignInQuerySet:
        """Keep those within their week, of people whose rights have not grown since (SAFETY T38, F16)."""
        return self.filter(until__gt=Now()).filter(~self._grown())

    def outgrown(self) -> FirstSignInQuerySet:
        """Keep those of people whom a school has given more since the letter was opened."""
        return self.filter(self._grown())

    @staticmethod
    def _grown() -> Q:
        grown = StaffMember.objects.filter(letters_since__gt=OuterRef("until") - A_WEEK)
        # One way after the other: an « or » over two tables reads the staff of every school.
        return Q(Exists(grown.filter(account=OuterRef("user")))) | Q(
            Exists(grown.filter(other_post__user=OuterRef("user")))
        )


class FirstSignIn(models.Model):
    """The letter that last opened an account: its code stands for a password until one is chosen.

    So a first sign-in that was left goes on at another computer, for a week by PostgreSQL's clock
    (SAFETY T38, F16). Afterwards the row only tells a code that has served from a new one.
    """

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="first_sign_in")
    code_digest = models.CharField(max_length=64)  # keyed by LINK_KEY: a copy of the database gives no code
    until = models.DateTimeField(db_default=Now() + A_WEEK)
    password_chosen_at = models.DateTimeField(null=True)

    objects = FirstSignInQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["code_digest"], name="first_sign_in_code")]

    def __str__(self) -> str:
        return f"{self.user_id}: first sign-in"


class OtherPost(models.Model):
    """A second school that declares the same person, and has proved it: by its letter, or by the académie.

    The first one is ``User.staff_member``. An identifier that two schools write gives nothing by itself:
    any head may write any identifier into a file (SAFETY T50).
    """

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="other_posts")
    staff_member = models.OneToOneField(StaffMember, on_delete=models.CASCADE, related_name="other_post")
    since = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return f"{self.user_id} → {self.staff_member_id}"


class ContactPreferences(models.Model):
    """« Contact et préférences » (SCREENS C5): what somebody wants to hear of, and where.

    Without a row nothing is wanted. The address is the account's own, confirmed (allauth's ``EmailAddress``).
    """

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="contact_preferences")
    ent_messages = models.BooleanField(default=False)
    school_news = models.BooleanField(default=False)
    partner_news = models.BooleanField(default=False)
    phone_1 = models.CharField(max_length=16, blank=True)
    phone_2 = models.CharField(max_length=16, blank=True)
    sms_mobile = models.CharField(max_length=16, blank=True)  # confirmed by a code that was sent to it
    no_sms = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(phone_1__regex=E164, phone_2__regex=E164, sms_mobile__regex=E164),
                name="contact_preferences_phones",
            )
        ]

    def __str__(self) -> str:
        return f"{self.user_id}: contact"


class SmsNumber(WaitingNumber):
    """A number for SMS that waits for the code sent to it; one per account."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, related_name="sms_number")

    class Meta:
        indexes = [models.Index(fields=["lives_until"], name="sms_number_end")]
        constraints = [models.CheckConstraint(condition=~Q(mobile=""), name="sms_number_is_one")]
