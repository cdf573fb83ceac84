"""Servers where classes meet, and the seats that open rooms hold there."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import timedelta
from ipaddress import ip_address
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models, transaction
from django.db.models import Case, F, OuterRef, Q, Subquery, Sum, Value, When
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _

from accounts.sealing import unseal
from schools.models import Academy

SEALED_FOR = "virtual_classes.servers"  # what the secrets of servers are sealed for
SKIPPED = timedelta(seconds=30)  # a server that failed, for new rooms
LONGEST = timedelta(hours=12)  # seats of a room that nobody ended
HTTPS_OR_LOOPBACK = r"^(https://|http://(localhost|127(\.[0-9]{1,3}){3}|\[::1\])(:[0-9]+)?(/|$))"


def is_loopback(host: str) -> bool:
    """Say whether a host is this very machine."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def check_address(address: str) -> None:
    """Refuse, with ``ValidationError``, what is no address of an API: https, no account, no query."""
    try:
        parts = urlsplit(address)
        parts.port  # noqa: B018  (urllib only refuses a bad port when it is read)
    except ValueError:
        raise ValidationError(_("Ce n’est pas une adresse.")) from None
    host = parts.hostname or ""
    if parts.scheme not in ("https", "http") or not host or not address.isascii() or " " in address:
        raise ValidationError(_("Écrivez une adresse entière, qui commence par https://."))
    if parts.scheme == "http" and not is_loopback(host):
        raise ValidationError(_("L’adresse doit commencer par https://."))
    if parts.username is not None or parts.password is not None or parts.query or parts.fragment:
        raise ValidationError(_("L’adresse ne doit contenir ni compte, ni « ? », ni « # »."))


class MeetingServerQuerySet(models.QuerySet["MeetingServer"]):
    """Servers, and how many of their seats are free."""

    def declared(self) -> MeetingServerQuerySet:
        """Leave out the row of the settings where the settings name no server."""
        return self if settings.BBB_URL else self.filter(from_settings=False)

    def serving(self, academy: str) -> MeetingServerQuerySet:
        """Keep those that take classes of an académie (a code): its own, and those of all."""
        return self.declared().filter(
            Q(academy__isnull=True) | Q(academy__code=academy) if academy else Q(academy__isnull=True),
            is_on=True,
        )

    def with_seats(self) -> MeetingServerQuerySet:
        """Annotate ``held``, the seats of rooms that are open, and ``free``."""
        held = Coalesce(
            Subquery(
                HeldPlaces.objects.filter(server=OuterRef("pk"), until__gt=Now())
                .order_by()
                .values("server")
                .annotate(sum=Sum("seats"))
                .values("sum")
            ),
            0,
        )
        return self.annotate(held=held, free=F("capacity") - held)

    @transaction.atomic
    def hold(
        self, room: str, *, seats: int, academy: str = "", without: Collection[int] = ()
    ) -> MeetingServer | None:
        """Hold the seats of a room where most are free; ``None`` where there is no place.

        The servers of an académie come before those of all, the one of the settings first among equals;
        one that has just failed is skipped. A room that holds seats already keeps them where they are,
        unless there is ``without``. Two at once wait for each other, so no seat is given twice.
        """
        serving = self.serving(academy)
        # Locked in one order, before anything is counted.
        list(serving.select_for_update(of=("self",)).order_by("pk").values_list("pk", flat=True))
        HeldPlaces.objects.filter(until__lte=Now()).delete()
        places = HeldPlaces.objects.filter(room=room)
        kept = places.exclude(server__in=without).select_related("server").first()
        if kept is not None:
            return kept.server
        places.delete()
        chosen = (
            serving.with_seats()
            .exclude(pk__in=without)
            .exclude(down_until__gt=Now())
            .filter(Q(free__gte=seats))
            .order_by(
                Case(When(academy__isnull=True, then=Value(1)), default=Value(0)),
                F("free").desc(),
                "-from_settings",
                "pk",
            )
            .first()
        )
        if chosen is not None:
            HeldPlaces.objects.create(server=chosen, room=room, seats=seats, until=Now() + Value(LONGEST))
        return chosen


class MeetingServer(models.Model):
    """A server where classes of an académie, or of all, may meet.

    The first one comes from ``BBB_URL`` and ``BBB_SECRET``: its row has neither address nor secret, but the
    number of its seats and whether it is on. It is there from the start.
    """

    class Kind(models.TextChoices):
        """The providers that have servers of their own."""

        BIGBLUEBUTTON = "bigbluebutton", "BigBlueButton"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(_("nom"), max_length=60)
    provider = models.CharField(_("logiciel"), max_length=20, choices=Kind, default=Kind.BIGBLUEBUTTON)
    url = models.CharField(_("adresse de l’API"), max_length=300, blank=True, validators=[check_address])
    sealed_secret = models.TextField(blank=True)
    capacity = models.PositiveIntegerField(_("places"), default=200)
    academy = models.ForeignKey(
        Academy, on_delete=models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("académie")
    )
    is_on = models.BooleanField(_("en service"), default=True)
    from_settings = models.BooleanField(default=False, editable=False)
    down_until = models.DateTimeField(_("écarté jusqu’à"), null=True, editable=False)
    last_trouble = models.CharField(_("dernier souci"), max_length=40, blank=True, editable=False)

    objects = MeetingServerQuerySet.as_manager()

    held: int  # annotated by with_seats()
    free: int

    class Meta:
        verbose_name = _("serveur de classes virtuelles")
        verbose_name_plural = _("serveurs de classes virtuelles")
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["url"],
                condition=Q(from_settings=False),
                name="meeting_server_once",
                violation_error_message=_("Ce serveur est déjà déclaré."),
            ),
            models.UniqueConstraint(
                fields=["from_settings"],
                condition=Q(from_settings=True),
                name="meeting_server_of_the_settings",
            ),
            models.CheckConstraint(
                condition=Q(from_settings=True, url="", sealed_secret="", academy__isnull=True)
                | (Q(from_settings=False) & ~Q(url="") & ~Q(sealed_secret="")),
                name="meeting_server_has_an_address",
            ),
            models.CheckConstraint(
                condition=Q(url="") | Q(url__regex=HTTPS_OR_LOOPBACK),
                name="meeting_server_https",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def address(self) -> str:
        """The address of its API."""
        return settings.BBB_URL if self.from_settings else self.url

    @property
    def secret(self) -> str:
        """Its secret, in clear. Raises ``cryptography.fernet.InvalidToken``."""
        return settings.BBB_SECRET if self.from_settings else unseal(SEALED_FOR, self.sealed_secret)

    def skip(self, trouble: str) -> None:
        """Leave it out for new rooms for a moment; rooms that are there stay."""
        MeetingServer.objects.filter(pk=self.pk).update(
            down_until=Now() + Value(SKIPPED), last_trouble=trouble
        )

    def welcome_back(self) -> None:
        """It answers: take new rooms there."""
        MeetingServer.objects.filter(pk=self.pk).exclude(down_until=None, last_trouble="").update(
            down_until=None, last_trouble=""
        )


class HeldPlaces(models.Model):
    """The seats of one room on one server, from its opening until its end."""

    server = models.ForeignKey(MeetingServer, on_delete=models.CASCADE, related_name="places")
    room = models.CharField(max_length=64, unique=True)  # its key, which says nothing by itself
    seats = models.PositiveIntegerField()
    until = models.DateTimeField()

    class Meta:
        verbose_name = _("places tenues")
        verbose_name_plural = _("places tenues")

    def __str__(self) -> str:
        return f"{self.seats}"


class SpentEntry(models.Model):
    """An entry into the demonstration room that was used: it opens nothing a second time."""

    entry = models.CharField(max_length=64, unique=True)  # a hash
    until = models.DateTimeField()  # when it would have ended anyway

    class Meta:
        verbose_name = _("entrée utilisée")
        verbose_name_plural = _("entrées utilisées")

    def __str__(self) -> str:
        return self.entry[:8]
