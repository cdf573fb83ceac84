"""The visits at FranceConnect, and the cookie they are bound to (:mod:`accounts.openid.visits`)."""

from __future__ import annotations

from django.conf import settings

from accounts.openid.visits import Visits
from guardians.models import FranceConnectVisit

FRANCECONNECT = f"{settings.COOKIE_PREFIX}franceconnect"
SESSION = "guardians.franceconnect"  # in the session of an account that was opened by FranceConnect
VISITS = Visits(table=FranceConnectVisit, cookie=FRANCECONNECT, purpose=SESSION)
