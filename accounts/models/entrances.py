"""Who comes to the ENT of a region, and by which door: rows that national staff edit (SCREENS C1).

A tree of two floors. On the first one stand choices, some of which are headings; on the second the choices
under a heading. PostgreSQL itself refuses a loop, a third floor and a choice under another region's heading:
the parent of a choice is a heading of its own entrance (a foreign key over three columns, in the
migration), and a heading has no parent.
"""

from __future__ import annotations

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import ExpressionWrapper, Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from schools.models import Academy

from .providers import IdentityProvider

# What the addresses under /ent/ mean already.
TAKEN = ("oublier", "profil", "pas-encore", "regions", "personnels")
PLAIN = RegexValidator(r"^[a-z0-9]+(-[a-z0-9]+)*$", _("Des minuscules, des chiffres et des traits d’union."))


class Entrance(models.Model):
    """The way into the ENT of one region."""

    slug = models.CharField(
        _("nom dans l’adresse"),
        max_length=40,
        unique=True,
        validators=[PLAIN],
        help_text=_("La page sera « /ent/… / ». Par exemple : auvergne-rhone-alpes."),
    )
    name = models.CharField(_("nom de la région"), max_length=60, unique=True)
    is_open = models.BooleanField(
        _("ouverte"), default=True, help_text=_("Décochée : la page n’existe plus pour personne.")
    )

    class Meta:
        verbose_name = _("entrée d’une région")
        verbose_name_plural = _("entrées des régions")
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(
                name="entrance_slug_is_free",
                condition=~Q(slug__in=TAKEN),
                violation_error_message=_(
                    "Cette adresse sert déjà à une autre page : choisissez-en une autre."
                ),
            ),
            models.CheckConstraint(
                name="entrance_slug_is_plain",
                condition=Q(slug__regex=r"^[a-z0-9]+(-[a-z0-9]+)*$"),
                violation_error_message=_("Des minuscules, des chiffres et des traits d’union."),
            ),
        ]

    def __str__(self) -> str:
        return self.name


class WayIn(models.Model):
    """One choice of a region's tree: a heading with choices under it, or where somebody is led."""

    class Audience(models.TextChoices):
        """Whom a choice is for."""

        PUPIL = "pupil", _("Élèves")
        GUARDIAN = "guardian", _("Responsables légaux")
        TEACHER = "teacher", _("Enseignants")
        STAFF = "staff", _("Personnels non enseignants")
        AUTHORITY = "authority", _("Personnels de collectivité")
        GUEST = "guest", _("Invités et autres comptes")

    class LeadsTo(models.TextChoices):
        """Where a choice ends."""

        HEADING = "", _("rien : un titre, avec d’autres choix dessous")
        GUARDIANS = "guardians", _("la connexion des responsables légaux")
        PUPILS = "pupils", _("la connexion des élèves")
        STAFF = "staff", _("la connexion des personnels d’une académie")
        PROVIDER = "provider", _("un fournisseur d’identité")
        PAGE = "page", _("une page avec une phrase")

    entrance = models.ForeignKey(
        Entrance, verbose_name=_("région"), on_delete=models.PROTECT, related_name="ways"
    )
    code = models.CharField(
        _("code"),
        max_length=40,
        validators=[PLAIN],
        help_text=_("Court, unique dans la région, et pour toujours : « enseignant-lyon »."),
    )
    parent = models.ForeignKey(
        "self",
        verbose_name=_("sous le titre"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="ways",
        help_text=_("Vide : au premier niveau."),
    )
    order = models.PositiveSmallIntegerField(
        _("rang"), default=0, help_text=_("Les plus petits nombres d’abord.")
    )
    label = models.CharField(_("texte"), max_length=100)
    label_en = models.CharField(_("texte en anglais"), max_length=100, blank=True)
    audience = models.CharField(_("pour qui"), max_length=10, choices=Audience)
    leads_to = models.CharField(_("mène à"), max_length=10, choices=LeadsTo, blank=True)
    academy = models.ForeignKey(
        Academy,
        verbose_name=_("académie"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Seulement pour la connexion des personnels d’une académie."),
    )
    provider = models.ForeignKey(
        IdentityProvider,
        verbose_name=_("fournisseur d’identité"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Seulement pour un fournisseur d’identité."),
    )
    sentence = models.CharField(
        _("phrase"),
        max_length=500,
        blank=True,
        help_text=_("Ce que la personne lit, et peut faire, si elle n’a pas de connexion ici."),
    )
    sentence_en = models.CharField(_("phrase en anglais"), max_length=500, blank=True)
    is_shown = models.BooleanField(_("montré"), default=True)
    is_heading = models.GeneratedField(
        expression=ExpressionWrapper(Q(leads_to=""), output_field=models.BooleanField()),
        output_field=models.BooleanField(),
        db_persist=True,
    )
    # What the parent's is_heading must be, where there is a parent: see the migration.
    is_under_heading = models.GeneratedField(
        expression=ExpressionWrapper(Q(parent__isnull=False), output_field=models.BooleanField()),
        output_field=models.BooleanField(),
        db_persist=True,
    )

    class Meta:
        verbose_name = _("choix d’une entrée")
        verbose_name_plural = _("choix des entrées")
        ordering = ["entrance", "order", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["entrance", "code"],
                name="one_way_per_code",
                violation_error_message=_("Un autre choix de cette région a déjà ce code."),
            ),
            models.UniqueConstraint(
                fields=["entrance", "parent", "label"],
                nulls_distinct=False,
                name="one_way_per_label",
                violation_error_message=_("Un autre choix porte déjà ce texte au même endroit."),
            ),
            models.UniqueConstraint(fields=["id", "entrance", "is_heading"], name="way_in_as_parent"),
            models.CheckConstraint(
                name="way_in_leads_somewhere",
                condition=Q(leads_to__in=["", "guardians", "pupils", "staff", "provider", "page"]),
            ),
            models.CheckConstraint(
                name="way_in_audience",
                condition=Q(audience__in=["pupil", "guardian", "teacher", "staff", "authority", "guest"]),
            ),
            models.CheckConstraint(
                name="way_in_heading_on_top",
                condition=~Q(leads_to="") | Q(parent=None),
                violation_error_message=_("Un titre reste au premier niveau : il ne va pas sous un autre."),
            ),
            models.CheckConstraint(
                name="way_in_academy",
                condition=Q(leads_to="staff", academy__isnull=False)
                | (~Q(leads_to="staff") & Q(academy=None)),
                violation_error_message=_(
                    "Choisissez une académie pour la connexion des personnels, et pour elle seulement."
                ),
            ),
            models.CheckConstraint(
                name="way_in_provider",
                condition=Q(leads_to="provider", provider__isnull=False)
                | (~Q(leads_to="provider") & Q(provider=None)),
                violation_error_message=_(
                    "Choisissez un fournisseur d’identité si le choix y mène, et seulement dans ce cas."
                ),
            ),
            models.CheckConstraint(
                name="way_in_page_says_something",
                condition=~Q(leads_to="page") | ~Q(sentence=""),
                violation_error_message=_("Écrivez la phrase que la personne lira."),
            ),
            models.CheckConstraint(name="way_in_has_a_label", condition=~Q(label="")),
        ]

    def __str__(self) -> str:
        return self.label

    @staticmethod
    def in_this_language(french: str, english: str) -> str:
        """Return the English text on an English page, where there is one."""
        return english if english and (get_language() or "").startswith("en") else french
