"""Reference data: académies, their departments and mail domains, and when each is open."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db import models
from django.db.models.functions import Coalesce, Now
from django.utils.translation import gettext_lazy as _

from economy.remembered import forget

from ..school_year import today
from ..scope import Scope


class AcademyQuerySet(models.QuerySet["Academy"]):
    """Académies, and whether they are open."""

    def with_openness(self, on: date | None = None) -> AcademyQuerySet:
        """Annotate ``is_open``: whether MCM is open there on a day (today in Paris by default).

        The decision that took effect last counts; of two for the same day, the one entered last.
        Without a decision an académie is closed (SCREENS A4).
        """
        decided = OpeningDecision.objects.taken_by(on or today()).filter(academy=models.OuterRef("pk"))
        return self.annotate(is_open=Coalesce(models.Subquery(decided.values("opens")[:1]), False))

    def open_on(self, on: date | None = None) -> AcademyQuerySet:
        """Keep the académies where MCM is open on a day (today in Paris by default)."""
        return self.with_openness(on).filter(models.Q(is_open=True))

    def keys_within(self, scope: Scope) -> list[int]:
        """Return the keys of the académies that lie in a scope: thirty at most, one query."""
        return list(scope.limit(self, "code").values_list("pk", flat=True))


class Academy(models.Model):
    """One of the 30 académies, or one of the education services overseas that have none (FORMATS 10)."""

    class Kind(models.TextChoices):
        """What it is in law."""

        ACADEMIE = "academie", _("Académie")
        SERVICE = "service", _("Vice-rectorat ou service de l’éducation nationale")

    class Zone(models.TextChoices):
        """Whose school holidays it has."""

        A = "A", _("Zone A")
        B = "B", _("Zone B")
        C = "C", _("Zone C")
        OWN = "own", _("Calendrier propre")

    code = models.CharField(_("code"), max_length=2, unique=True)
    slug = models.SlugField(_("nom dans une adresse"), max_length=40, unique=True)
    name = models.CharField(_("nom"), max_length=60, unique=True)
    kind = models.CharField(_("statut"), max_length=8, choices=Kind, default=Kind.ACADEMIE)
    zone = models.CharField(_("zone de vacances"), max_length=3, choices=Zone)

    # Whom its staff call when they have lost their identifier (SCREENS C2): the DANE says it.
    counter_phone = models.CharField(
        _("téléphone du guichet"), max_length=20, blank=True, default="", db_default=""
    )
    counter_hours = models.CharField(
        _("horaires du guichet"), max_length=120, blank=True, default="", db_default=""
    )

    objects = AcademyQuerySet.as_manager()

    is_open: bool  # annotated by with_openness()

    class Meta:
        verbose_name = _("académie")
        verbose_name_plural = _("académies")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(condition=models.Q(code__regex=r"^[0-9]{2}$"), name="academy_code"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def counter_dial(self) -> str:
        """The number of the counter as a telephone dials it."""
        return self.counter_phone.replace(" ", "")


class AcademyDomain(models.Model):
    """A mail domain whose addresses an académie gives to its staff. An old one may still deliver."""

    academy = models.ForeignKey(Academy, on_delete=models.CASCADE, related_name="domains")
    domain = models.CharField(_("domaine"), max_length=100, unique=True)
    current = models.BooleanField(_("en usage"), default=True)

    class Meta:
        verbose_name = _("domaine de messagerie")
        verbose_name_plural = _("domaines de messagerie")
        constraints = [
            # Compared letter by letter with what a person writes: no other form may enter (SAFETY T37).
            models.CheckConstraint(
                condition=models.Q(domain__regex=r"^[a-z0-9-]+(\.[a-z0-9-]+)+$"), name="academy_domain_ascii"
            ),
        ]

    def __str__(self) -> str:
        return self.domain


class Department(models.Model):
    """A department, or a territory overseas that stands for one, with its code: « 2A », « 974 »."""

    academy = models.ForeignKey(Academy, on_delete=models.PROTECT, related_name="departments")
    code = models.CharField(_("code"), max_length=3, unique=True)
    name = models.CharField(_("nom"), max_length=60, unique=True)

    class Meta:
        verbose_name = _("département")
        verbose_name_plural = _("départements")
        ordering = ["code"]

    def __str__(self) -> str:
        return f"{self.name} ({self.code})"


class OpeningDecisionQuerySet(models.QuerySet["OpeningDecision"]):
    """Decisions, the one that counts first."""

    def taken_by(self, day: date) -> OpeningDecisionQuerySet:
        """Return the decisions that have taken effect by ``day``: of an académie, the first one counts."""
        return self.filter(effective_on__lte=day).order_by("-effective_on", "-id")


class OpeningDecision(models.Model):
    """A rector opens or closes MCM in an académie from a day on. Never changed, never deleted."""

    academy = models.ForeignKey(Academy, on_delete=models.PROTECT, related_name="decisions")
    opens = models.BooleanField(_("ouvre le service"))
    effective_on = models.DateField(_("à compter du"))
    decided_on = models.DateField(_("décidé le"))
    reference = models.CharField(_("référence de la décision"), max_length=200)
    created_at = models.DateTimeField(_("enregistré le"), db_default=Now(), editable=False)

    objects = OpeningDecisionQuerySet.as_manager()

    class Meta:
        verbose_name = _("décision d’ouverture")
        verbose_name_plural = _("décisions d’ouverture")
        indexes = [models.Index(fields=["academy", "-effective_on", "-id"], name="opening_latest")]
        constraints = [
            models.CheckConstraint(condition=~models.Q(reference=""), name="opening_has_a_reference"),
        ]

    def __str__(self) -> str:
        return f"{self.academy_id} {'+' if self.opens else '-'} {self.effective_on}: {self.reference}"

    def save(self, *args: Any, **options: Any) -> None:
        """Write it; forms that show the académie as it was are drawn anew."""
        super().save(*args, **options)
        forget()
