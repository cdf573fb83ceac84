"""The administration's pages about people. Discovered by Django's admin."""

from __future__ import annotations

from . import people, policies, registrations, roles, schools

__all__ = ["people", "policies", "registrations", "roles", "schools"]
