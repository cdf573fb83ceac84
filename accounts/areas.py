"""The parts of a school that its head may hand on."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Area(models.TextChoices):
    """What a member of the staff may look after as a « local admin » (docs/adr/0010)."""

    LETTERS = "letters", _("Lettres de première connexion")
    FAMILIES = "families", _("Élèves et demandes des familles")
