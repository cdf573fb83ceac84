"""The guardians of a school's pupils, for what is done to all its accounts. Discovered by ``accounts``."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.crowds import Crowd, register
from accounts.models import User
from schools.models import School

GUARDIANS = "guardians"


def _guardians(school: School) -> QuerySet[User]:
    """Those who came in by this school's record of them."""
    return User.objects.filter(contact_accounts__contact__school=school)


register(Crowd(order=30, code=GUARDIANS, label=_("Responsables légaux"), people=_guardians, is_optional=True))
