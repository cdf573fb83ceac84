"""Identity providers that the national administration sets up, and who has come by one (SCREENS C1, G14)."""

from __future__ import annotations

import uuid

from django.contrib.postgres.functions import RandomUUID
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from schools.models import Academy

from ..sealing import seal, unseal
from .people import User
from .visits import Visit, visit_constraints, visit_indexes

PURPOSE = "accounts.identity_provider"


class IdentityProvider(models.Model):
    """An OpenID Connect provider whose people are the staff of one académie."""

    class Algorithm(models.TextChoices):
        """What its tokens are signed with: the one that the registration there asks for, and no other."""

        RS256 = "RS256", "RS256"
        ES256 = "ES256", "ES256"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    name = models.CharField(
        _("nom"),
        max_length=80,
        unique=True,
        help_text=_("Ce que lisent les personnes. Par exemple : « Portail de l’académie de Lyon »."),
    )
    issuer = models.CharField(
        _("émetteur (issuer)"),
        max_length=200,
        help_text=_(
            "Une adresse en https://, exactement comme le fournisseur l’écrit lui-même. Toutes ses autres "
            "adresses doivent être sur le même serveur."
        ),
    )
    client_id = models.CharField(_("identifiant de client"), max_length=200)
    sealed_secret = models.TextField(_("secret"), editable=False)
    scope = models.CharField(
        _("portées (scope)"),
        max_length=200,
        default="openid profile",
        help_text=_("Séparées par des espaces ; « openid » en fait toujours partie."),
    )
    claim = models.CharField(
        _("attribut de l’identifiant académique"),
        max_length=60,
        default="preferred_username",
        help_text=_("Le nom de l’attribut (claim) qui porte l’identifiant que déclarent les établissements."),
    )
    algorithm = models.CharField(
        _("signature des jetons"), max_length=5, choices=Algorithm, default=Algorithm.RS256
    )
    academy = models.ForeignKey(
        Academy,
        verbose_name=_("académie"),
        on_delete=models.PROTECT,
        related_name="+",
        help_text=_(
            "Seuls les personnels que déclarent les établissements de cette académie entrent par ici."
        ),
    )
    is_on = models.BooleanField(_("ouvert"), default=False)

    class Meta:
        verbose_name = _("fournisseur d’identité")
        verbose_name_plural = _("fournisseurs d’identité")
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(
                fields=["issuer", "academy"],
                name="one_provider_per_issuer_and_academy",
                violation_error_message=_("Ce fournisseur est déjà enregistré pour cette académie."),
            ),
            models.CheckConstraint(name="provider_algorithm", condition=Q(algorithm__in=["RS256", "ES256"])),
            models.CheckConstraint(
                name="provider_is_complete",
                condition=~Q(name="")
                & ~Q(issuer="")
                & ~Q(client_id="")
                & ~Q(claim="")
                & ~Q(sealed_secret=""),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def subject(self) -> str:
        """What the journal calls it."""
        return f"provider:{self.public_id}"

    def secret(self) -> str:
        """Return the secret that the portal shows the provider."""
        return unseal(PURPOSE, self.sealed_secret)

    def keep_secret(self, secret: str) -> None:
        """Put a secret into the row, unreadable there; the caller saves it."""
        self.sealed_secret = seal(PURPOSE, secret)


class ProviderIdentity(models.Model):
    """Who has come by a provider. Its ``sub`` tells two people apart, and nothing else does (SAFETY T42)."""

    public_id = models.UUIDField(default=uuid.uuid4, db_default=RandomUUID(), unique=True, editable=False)
    issuer = models.CharField(max_length=200)
    sub = models.CharField(max_length=255)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="provider_identities")
    tied_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["issuer", "sub"], name="one_person_per_identity"),
            # Whoever gets a former colleague's identifier does not get their account.
            models.UniqueConstraint(fields=["user", "issuer"], name="one_identity_per_issuer"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.issuer}"


class ProviderVisit(Visit):
    """One going to an identity provider and coming back, for an hour at most; it belongs to no account."""

    provider = models.ForeignKey(IdentityProvider, on_delete=models.CASCADE, related_name="+")

    class Meta:
        constraints = visit_constraints("provider_visit")
        indexes = visit_indexes("provider_visit")
