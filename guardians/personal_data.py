"""What this app holds of people (GDPR 15, 17). Discovered by ``accounts``."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from accounts.models import User
from accounts.personal_data import Claim, register

from .models import (
    Activation,
    ActivationAnswer,
    BirthDateTries,
    ContactAccount,
    FranceConnectAccount,
    FranceConnectVisit,
    Guardianship,
    PairingCode,
)


def _export(user: User) -> dict[str, Any]:
    ties = Guardianship.objects.filter(user=user).select_related("tie__student", "tie__contact__school")
    return {
        "comes_by_franceconnect": user.franceconnect_accounts.exists(),
        "guardianships": [
            {
                "child": str(each.tie.student),
                "school": str(each.tie.contact.school),
                "responsibility": each.tie.responsibility,
                "since": each.since.isoformat(),
            }
            for each in ties.order_by("pk")
        ],
        "declared_by_schools": [
            {
                "school": str(each.contact.school),
                "first_name": each.contact.first_name,
                "family_name": each.contact.family_name,
                "usage_name": each.contact.usage_name,
                "mobile": each.contact.mobile,
                "phone": each.contact.phone,
                "email": each.contact.email,
            }
            for each in user.contact_accounts.select_related("contact__school").order_by("pk")
        ],
    }


def _erase(user: User) -> None:
    Activation.objects.filter(Q(user=user) | Q(joins=user)).delete()
    PairingCode.objects.filter(tie__contact__account__user=user).delete()
    Guardianship.objects.filter(user=user).delete()
    ContactAccount.objects.filter(user=user).delete()
    FranceConnectAccount.objects.filter(user=user).delete()


register(
    Claim(
        models=(
            Activation,
            ActivationAnswer,
            BirthDateTries,
            ContactAccount,
            FranceConnectAccount,
            Guardianship,
            PairingCode,
        ),
        export=_export,
        erase=_erase,
    )
)


def _export_nothing(_user: User) -> dict[str, Any]:
    """Nothing: a visit belongs to no account, and only the browser that made it can read it."""
    return {}


def _leave_to_the_clock(_user: User) -> None:
    """Nothing: nobody can tell whose visit a row is; each is erased within the hour (guardians.tasks)."""


register(Claim(models=(FranceConnectVisit,), export=_export_nothing, erase=_leave_to_the_clock))
