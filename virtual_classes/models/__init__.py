"""The servers where classes meet, and the places they hold there."""

from .servers import HeldPlaces, MeetingServer, MeetingServerQuerySet, SpentEntry

__all__ = ["HeldPlaces", "MeetingServer", "MeetingServerQuerySet", "SpentEntry"]
