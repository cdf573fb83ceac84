"""The words guardians know their door by. Discovered by ``accounts``."""

from __future__ import annotations

from django.utils.translation import gettext as _

from accounts.doors import register, register_page

from .identifiers import EDUCONNECT

register(lambda: [(EDUCONNECT, _("ÉduConnect (responsables légaux)"))])
register_page(EDUCONNECT, "guardian_sign_in")
