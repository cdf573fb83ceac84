"""The journal's one table."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Record(models.Model):
    """Somebody did something to somebody. Written by ``journal.record()``, then never changed.

    A trigger refuses every UPDATE and DELETE (migration 0002), so ``save()`` of a stored record fails.
    """

    at = models.DateTimeField(_("date"), db_default=Now(), editable=False)
    act = models.CharField(_("acte"), max_length=60)
    actor = models.CharField(_("auteur"), max_length=80)
    subject = models.CharField(_("personne ou objet concerné"), max_length=80)
    fields = ArrayField(models.CharField(max_length=60), verbose_name=_("champs modifiés"), default=list)
    reason = models.TextField(_("motif"), blank=True)
    academy = models.CharField(_("académie"), max_length=2, blank=True)

    class Meta:
        verbose_name = _("ligne du journal")
        verbose_name_plural = _("journal")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["subject", "-id"], name="record_of_a_subject"),
            models.Index(fields=["academy", "-id"], name="record_of_an_academy"),
            models.Index(fields=["actor", "-id"], name="record_of_an_actor"),
            models.Index(fields=["act", "-id"], name="record_of_an_act"),
        ]

    def __str__(self) -> str:
        return f"{self.act}: {self.actor} → {self.subject}"
