"""Whose record as a guardian has an account, and needs no letter. Discovered by ``schools``."""

from __future__ import annotations

from schools.letters.known import register
from schools.models import Audience

from .models import ContactAccount

register(Audience.GUARDIAN, lambda person: ContactAccount.objects.filter(contact=person))
