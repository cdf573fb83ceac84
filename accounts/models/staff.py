"""Who may do what in the administration."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from schools.models import Academy

from ..powers import Role
from .people import User


class StaffRole(models.Model):
    """A role of a person, in one académie or (without an académie) in all of them."""

    user = models.ForeignKey(
        User, verbose_name=_("personne"), on_delete=models.CASCADE, related_name="staff_roles"
    )
    role = models.CharField(_("rôle"), max_length=12, choices=Role)
    academy = models.ForeignKey(
        Academy,
        verbose_name=_("académie"),
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        help_text=_("Vide : toutes les académies."),
    )
    given_at = models.DateTimeField(_("donné le"), db_default=Now(), editable=False)

    class Meta:
        verbose_name = _("rôle")
        verbose_name_plural = _("rôles")
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role", "academy"],
                nulls_distinct=False,
                name="one_role_once",
                violation_error_message=_("Cette personne a déjà ce rôle."),
            ),
            models.CheckConstraint(
                name="staff_role_place",
                condition=models.Q(role=Role.DANE, academy__isnull=False)
                | models.Q(role=Role.NATIONAL, academy__isnull=True)
                | models.Q(role__in=[Role.SUPPORT, Role.DATA_PROTECTION]),
                violation_error_message=_(
                    "Un administrateur DANE a une académie ; un administrateur national n’en a pas."
                ),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} ({self.academy or _('toutes les académies')})"
