"""The texts that people read and accept, and the ledger of who accepted what."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from .people import User


class PolicyDocumentQuerySet(models.QuerySet["PolicyDocument"]):
    """Which texts are in force."""

    def published(self) -> PolicyDocumentQuerySet:
        """Leave out the drafts."""
        return self.exclude(published_at=None)

    def in_force(self, kind: str, language: str = "fr") -> PolicyDocumentQuerySet:
        """Return the text in force today, as a queryset of one row at most.

        In another language than French, its translation if there is one: the French text rules.
        """
        today = timezone.localdate()
        return (
            self.published()
            .filter(kind=kind, language__in={language, "fr"}, in_force_from__lte=today)
            .order_by(
                "-in_force_from",
                "-version",
                models.Case(models.When(language=language, then=0), default=1),
                "-id",
            )[:1]
        )


class PolicyDocument(models.Model):
    """One version of a text that people accept or are told of (SCREENS A3)."""

    class Kind(models.TextChoices):
        TERMS = "terms", _("Conditions d’utilisation")
        DATA_PROTECTION = "data_protection", _("Protection des données personnelles")
        CHARTER_PUPILS = "charter_pupils", _("Charte des élèves")
        CHARTER_GUARDIANS = "charter_guardians", _("Charte des responsables légaux")
        CHARTER_STAFF = "charter_staff", _("Charte des personnels")

    kind = models.CharField(_("texte"), max_length=20, choices=Kind)
    version = models.CharField(_("version"), max_length=20)
    language = models.CharField(
        _("langue"), max_length=8, default="fr", choices=[("fr", "Français"), ("en", "English")]
    )
    title = models.CharField(_("titre"), max_length=200)
    summary = models.TextField(_("résumé"), blank=True)
    body = models.TextField(_("texte complet"), help_text="Markdown")
    in_force_from = models.DateField(_("en vigueur à partir du"))
    # A major version asks everybody for a new consent; a minor one (a misprint, a new phone number) does not.
    major = models.BooleanField(_("demande un nouvel accord"), default=True)
    published_at = models.DateTimeField(_("publié le"), null=True, editable=False)  # None: a draft

    objects = PolicyDocumentQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "version", "language"], name="one_text_per_version")
        ]
        verbose_name = _("texte de référence")
        verbose_name_plural = _("textes de référence")
        indexes = [models.Index(fields=["kind", "language", "-in_force_from"], name="policy_in_force")]

    def __str__(self) -> str:
        return f"{self.kind} {self.version} ({self.language})"


class PolicyAcceptance(models.Model):
    """Who accepted which version of a text, when, and on whose behalf."""

    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="acceptances")
    document = models.ForeignKey(PolicyDocument, on_delete=models.PROTECT, related_name="acceptances")
    accepted_at = models.DateTimeField(db_default=Now())
    by_guardian = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "document"], name="one_acceptance_per_document")
        ]

    def __str__(self) -> str:
        return f"{self.user_id} → {self.document_id}"
