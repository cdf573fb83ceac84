"""The administration's pages about virtual classes. Discovered by Django's admin."""

from __future__ import annotations

from . import classes, servers

__all__ = ["classes", "servers"]
