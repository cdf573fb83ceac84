"""Classes, their sessions, who stands at their door, what a teacher noted, and the hours of an académie."""

from .classes import ClassRules, Degree, Membership, Mode, Parents, VirtualClass, VirtualClassQuerySet
from .demonstration import RoomMessage, RoomPresence
from .door import Entry, EntryQuerySet, Resemblance, Role
from .records import RollCallLine, SessionRecord
from .rooms import RoomToEnd
from .servers import HeldPlaces, MeetingServer, MeetingServerQuerySet, SpentEntry
from .sessions import ClassSession, ClassSessionQuerySet, Trouble
from .volumes import HoursHeld

__all__ = [
    "ClassRules",
    "ClassSession",
    "ClassSessionQuerySet",
    "Degree",
    "Entry",
    "EntryQuerySet",
    "HeldPlaces",
    "HoursHeld",
    "MeetingServer",
    "MeetingServerQuerySet",
    "Membership",
    "Mode",
    "Parents",
    "Resemblance",
    "Role",
    "RollCallLine",
    "RoomMessage",
    "RoomPresence",
    "RoomToEnd",
    "SessionRecord",
    "SpentEntry",
    "Trouble",
    "VirtualClass",
    "VirtualClassQuerySet",
]
