"""Schools, by their UAI, as the « Annuaire de l’éducation » lists them (FORMATS 1 and 5)."""

from __future__ import annotations

import uuid

from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Value
from django.db.models.functions import Cast, Concat, Left, Mod, Right, Substr
from django.db.models.lookups import Exact
from django.utils.translation import gettext_lazy as _

from ..scope import Scope
from ..search_key import SearchKey, words_of
from .academies import Academy, Department

UAI_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"  # no I, O, Q


class UaiIsRight(models.Case):
    """A UAI has seven digits and the letter that checks them."""

    def __init__(self) -> None:
        letter = Substr(
            Value(UAI_LETTERS), Mod(Cast(Left("uai", 7), models.IntegerField()), Value(23)) + Value(1), 1
        )
        super().__init__(
            # The form first, in one expression: PostgreSQL reads no number where there is none.
            models.When(uai__regex=r"^[0-9]{7}[A-Z]$", then=Exact(Right("uai", 1), letter)),
            default=Value(False),
            output_field=models.BooleanField(),
        )


class SchoolQuerySet(models.QuerySet["School"]):
    """Schools, and who may look after them."""

    def open_to(self, scope: Scope) -> SchoolQuerySet:
        """Return the schools of a scope: those of its académies, and those it names (SAFETY T50)."""
        return scope.limit(self, "academy__code", "uai")


class School(models.Model):
    """A school, known by its UAI to everybody in French education."""

    class Kind(models.TextChoices):
        """What it is, as far as the portal makes a difference."""

        ECOLE = "ecole", _("École")
        COLLEGE = "college", _("Collège")
        LYCEE = "lycee", _("Lycée")
        OTHER = "other", _("Autre établissement")

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    uai = models.CharField(_("code UAI"), max_length=8, unique=True)
    name = models.CharField(_("nom"), max_length=200)
    kind = models.CharField(_("type"), max_length=8, choices=Kind)
    nature = models.CharField(_("nature"), max_length=250, blank=True)
    is_public = models.BooleanField(_("public"), default=True)
    academy = models.ForeignKey(
        Academy, verbose_name=_("académie"), on_delete=models.PROTECT, related_name="schools"
    )
    department = models.ForeignKey(
        Department, verbose_name=_("département"), on_delete=models.PROTECT, related_name="schools"
    )
    commune = models.CharField(_("commune"), max_length=100, blank=True)
    postcode = models.CharField(_("code postal"), max_length=10, blank=True)
    mail = models.CharField(_("courriel"), max_length=254, blank=True)
    phone = models.CharField(_("téléphone"), max_length=16, blank=True)
    is_open = models.BooleanField(_("ouvert"), default=True)
    search_key = models.GeneratedField(
        expression=SearchKey(Concat("name", Value(" "), "commune")),
        output_field=models.CharField(max_length=620),
        db_persist=True,
    )

    objects = SchoolQuerySet.as_manager()

    class Meta:
        verbose_name = _("établissement")
        verbose_name_plural = _("établissements")
        ordering = ["uai"]
        indexes = [
            GinIndex(words_of("search_key"), name="school_search"),
            models.Index(fields=["academy", "uai"], name="school_of_an_academy"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=UaiIsRight(),
                name="school_uai",
                violation_error_message=_("Ce code UAI n’est pas juste."),
            ),
            models.CheckConstraint(condition=~models.Q(name=""), name="school_has_a_name"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.uai})"

    @property
    def subject(self) -> str:
        """What the journal calls it."""
        return f"school:{self.uai}"
