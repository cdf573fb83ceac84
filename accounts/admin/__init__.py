"""The administration's pages about people. Discovered by Django's admin."""

from __future__ import annotations

from . import entrances, people, policies, registrations, roles, schools

__all__ = ["entrances", "people", "policies", "registrations", "roles", "schools"]
