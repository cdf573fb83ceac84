"""Members of a school's staff whom its head lets look after a part of it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from schools.models import StaffMember
from schools.scope import Scope

from ..areas import Area


class LocalAdminQuerySet(models.QuerySet["LocalAdmin"]):
    """What heads have handed on."""

    def open_to(self, scope: Scope) -> LocalAdminQuerySet:
        """Return what was given at the schools of a scope (SAFETY T35, T50)."""
        return scope.limit(self, "member__school__academy__code", "member__school__uai")

    def in_force(self) -> LocalAdminQuerySet:
        """Keep what gives something now: not ended, and the school still declares the person."""
        return self.filter(ended_at=None, member__gone_at=None)


class LocalAdmin(models.Model):
    """One area of a school, in the hands of a member of its staff: until the head, or their leaving, ends it.

    It belongs to the school's record of the person, as a head's powers do: whoever has that record has it.
    """

    member = models.ForeignKey(
        StaffMember,
        verbose_name=_("membre du personnel"),
        on_delete=models.CASCADE,
        related_name="local_admin_rights",
    )
    area = models.CharField(_("domaine"), max_length=10, choices=Area)
    given_by = models.ForeignKey("accounts.User", on_delete=models.SET_NULL, null=True, related_name="+")
    given_at = models.DateTimeField(_("donné le"), db_default=Now(), editable=False)
    ended_at = models.DateTimeField(_("terminé le"), null=True)

    objects = LocalAdminQuerySet.as_manager()

    class Meta:
        verbose_name = _("administrateur local")
        verbose_name_plural = _("administrateurs locaux")
        indexes = [
            models.Index(fields=["ended_at"], condition=~Q(ended_at=None), name="local_admin_ended"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["member", "area"], condition=Q(ended_at=None), name="one_area_once_for_a_member"
            ),
            models.CheckConstraint(condition=Q(area__in=["letters", "families"]), name="local_admin_area"),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("given_at")), name="local_admin_ends"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.member_id}: {self.area}"
