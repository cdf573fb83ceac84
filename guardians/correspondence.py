"""The number that a guardian is written to by SMS. Discovered by ``accounts``."""

from __future__ import annotations

from accounts.correspondence import register_number

from . import mobiles

register_number(mobiles.of)
