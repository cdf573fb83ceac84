"""The number that a guardian is written to by SMS. Discovered by ``accounts``."""

from __future__ import annotations

from accounts.correspondence import register

from . import mobiles

register(mobiles.of)
