"""The journal, and the seals over it."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Record(models.Model):
    """Somebody did something to somebody. Written by ``journal.record()``, then never changed.

    A trigger refuses every UPDATE and DELETE (migration 0002), so ``save()`` of a stored record fails. The
    portal's own role has no right to either, nor to choose an id or a date (docs/adr/0007).
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


class Seal(models.Model):
    """What shows later that a range of lines is as it was: written once a minute by ``sealing.seal()``.

    Seals are numbered without a gap and cover the lines without a gap. Each holds the digest of its lines
    and of the seal before it, under a key that is not in the database (``chain.py``).
    """

    number = models.BigIntegerField(_("numéro"), primary_key=True)
    first_id = models.BigIntegerField(_("de la ligne"), unique=True)
    last_id = models.BigIntegerField(_("à la ligne"), unique=True)
    count = models.IntegerField(_("lignes"))
    sealed_at = models.DateTimeField(_("scellé le"))
    digest = models.CharField(_("empreinte des lignes"), max_length=64)
    previous = models.CharField(_("empreinte du sceau précédent"), max_length=64, blank=True)
    vouches = models.BooleanField(_("répond du sceau précédent"))
    key = models.CharField(_("clé"), max_length=8)
    mac = models.CharField(_("sceau"), max_length=64)

    class Meta:
        verbose_name = _("sceau du journal")
        verbose_name_plural = _("sceaux du journal")
        ordering = ["number"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(number__gte=1, count__gte=1, last_id__gte=models.F("first_id")),
                name="seal_covers_something",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}: {self.first_id}–{self.last_id}"


APPEND_ONLY = (Record, Seal)
