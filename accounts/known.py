"""Which pupils and colleagues have an account, and need no letter. Discovered by ``schools``."""

from __future__ import annotations

from schools.letters.known import register
from schools.models import Audience

from .models import User

register(Audience.PUPIL, lambda person: User.objects.filter(student=person))
register(Audience.STAFF, lambda person: User.objects.filter(staff_member=person))
