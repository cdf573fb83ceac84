"""The words guardians know their door by. Discovered by ``accounts``."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.doors import register

from .identifiers import EDUCONNECT

register(lambda: [(EDUCONNECT, _("ÉduConnect (responsables légaux)"))])
