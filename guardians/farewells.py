"""Who came by FranceConnect is signed out there too (SAFETY T43). Discovered by ``accounts``."""

from __future__ import annotations

from accounts.farewells import register

from .franceconnect import door

register(door.sign_out)
