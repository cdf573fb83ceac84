"""The administration's pages about académies, schools and what they declare. Discovered by Django's admin."""

from __future__ import annotations

from . import academies, declared, imports, letters

__all__ = ["academies", "declared", "imports", "letters"]
