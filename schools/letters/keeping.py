"""The files of letters, kept for a day."""

from __future__ import annotations


class NoFile(Exception):
    """The file was erased."""
