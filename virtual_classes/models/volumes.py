"""The one figure that leaves the service: the hours of virtual classes of an académie (SCREENS B7)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from schools.models import Academy


class HoursHeld(models.Model):
    """How many minutes of virtual classes an académie had on a day: of nobody in particular."""

    academy = models.ForeignKey(
        Academy,
        verbose_name=_("académie"),
        on_delete=models.PROTECT,
        related_name="hours_held",
        db_index=False,
    )
    day = models.DateField(_("jour"))
    sessions = models.PositiveIntegerField(_("séances"), default=0)
    minutes = models.PositiveIntegerField(_("minutes"), default=0)

    class Meta:
        verbose_name = _("volume d’heures")
        verbose_name_plural = _("volumes d’heures des académies")
        constraints = [
            models.UniqueConstraint(fields=["academy", "day"], name="one_volume_per_day"),
        ]

    def __str__(self) -> str:
        return f"{self.academy} — {self.day}"
