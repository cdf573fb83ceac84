"""The administration's pages about virtual classes. Discovered by Django's admin."""

from __future__ import annotations

from . import servers

__all__ = ["servers"]
