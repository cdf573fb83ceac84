"""What this app holds of people (GDPR 15, 17). Discovered by ``accounts``."""

from __future__ import annotations

from typing import Any

from django.db.models import Q

from accounts.models import User
from accounts.personal_data import Claim, register
from notifications import retention
from schools.models import GuardianContact

from .models import (
    Activation,
    ActivationAnswer,
    BirthDateTries,
    ChildrenMove,
    ContactAccount,
    FranceConnectAccount,
    FranceConnectVisit,
    GuardianAccount,
    Guardianship,
    MobileChange,
    PairingCode,
)


def _export(user: User) -> dict[str, Any]:
    ties = Guardianship.objects.filter(user=user).select_related("tie__student", "tie__contact__school")
    own = GuardianAccount.objects.filter(user=user).first()
    waiting = MobileChange.objects.filter(user=user).first()
    return {
        "own_account": own
        and {
            "mobile": own.mobile,
            "shows_alerts": own.shows_alerts,
            "visited_at": own.visited_at.isoformat(),
            "visited_on": own.visited_on,
        },
        "mobile_that_waits": waiting.mobile if waiting else "",
        "messages_to_mobile": retention.export(address=own.mobile) if own else [],
        "children_moved": [
            {
                "to_this_account": move.user_id == user.pk,
                "guardianships": len(move.guardianships),
                "made_at": move.made_at.isoformat() if move.made_at else None,
                "undone_at": move.undone_at.isoformat() if move.undone_at else None,
            }
            for move in ChildrenMove.objects.of(user).order_by("pk")
        ],
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
    # A telephone may be two guardians': what waits for the other one is not ours to take back.
    for own in GuardianAccount.objects.filter(user=user).exclude(mobile=""):
        others = (
            GuardianAccount.objects.filter(mobile=own.mobile).exclude(user=user),
            GuardianContact.objects.filter(mobile=own.mobile).exclude(account__user=user),
        )
        if not any(rows.exists() for rows in others):
            retention.forget(address=own.mobile)
    GuardianAccount.objects.filter(user=user).delete()
    MobileChange.objects.filter(user=user).delete()
    ChildrenMove.objects.of(user).delete()
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
            ChildrenMove,
            ContactAccount,
            FranceConnectAccount,
            GuardianAccount,
            Guardianship,
            MobileChange,
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
