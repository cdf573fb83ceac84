"""Which pupils and colleagues have an account, and need no letter. Discovered by ``schools``."""

from __future__ import annotations

from schools.letters.known import register
from schools.models import Audience

from .models import User

register(Audience.PUPIL, lambda: User.objects.filter(student__isnull=False).values("student"))
register(Audience.STAFF, lambda: User.objects.filter(staff_member__isnull=False).values("staff_member"))
