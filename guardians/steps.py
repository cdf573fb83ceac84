"""What a guardian must do before going on: read their identifier (SCREENS D9). Discovered by ``accounts``."""

from __future__ import annotations

from accounts import standing
from accounts.models import User
from accounts.steps import Step, register

from . import alerts
from .identifiers import EDUCONNECT
from .models import Activation


def has_not_read_identifier(user: User) -> bool:
    """Ask only of who has a name at the guardians' door."""
    return EDUCONNECT in standing.of(user).doors and Activation.objects.filter(user=user).exists()


register(Step(order=5, page="guardian_identifier", is_due=has_not_read_identifier))
# After what has to be done: the first page that one wanted is the next.
register(Step(order=95, page="guardian_alerts", is_due=alerts.are_on))
