"""What this app holds of people (GDPR 15, 17). Discovered by ``accounts``."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.moving import Fate, Pointer
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


def _children_in_words(rows: QuerySet[Any]) -> list[str]:
    # As far as the schools still say so (SAFETY T15).
    ties = Guardianship.objects.in_force().filter(pk__in=rows.values("pk"))
    found = ties.select_related("tie__student", "tie__contact__school").order_by("pk")
    return [
        _("%(child)s, %(school)s") % {"child": each.tie.student, "school": each.tie.contact.school}
        for each in found
    ]


def _franceconnect_in_words(rows: QuerySet[Any]) -> list[str]:
    return [_("L’entrée par FranceConnect")] if rows.exists() else []


def _mobile_in_words(rows: QuerySet[Any]) -> list[str]:
    return [
        _("Téléphone portable %(mobile)s") % {"mobile": mobile}
        for mobile in rows.exclude(mobile="").values_list("mobile", flat=True)
    ]


_MADE = Q(made_at__isnull=False)  # what was only proposed is forgotten within minutes
_POINTERS = (
    Pointer(Guardianship, "user", Fate.MOVES, says=_children_in_words),
    Pointer(ContactAccount, "user", Fate.MOVES),
    Pointer(FranceConnectAccount, "user", Fate.MOVES, says=_franceconnect_in_words),
    Pointer(GuardianAccount, "user", Fate.MOVES, says=_mobile_in_words, alike=()),
    Pointer(PairingCode, "given_by", Fate.MOVES),
    Pointer(ChildrenMove, "user", Fate.MOVES, apart="source", only=_MADE),
    Pointer(ChildrenMove, "source", Fate.MOVES, apart="user", only=_MADE),
    Pointer(Activation, "user", Fate.ENDS),
    Pointer(Activation, "joins", Fate.ENDS),
    Pointer(MobileChange, "user", Fate.ENDS),
)


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
        pointers=_POINTERS,
    )
)


def _export_nothing(_user: User) -> dict[str, Any]:
    """Nothing: a visit belongs to no account, and only the browser that made it can read it."""
    return {}


def _leave_to_the_clock(_user: User) -> None:
    """Nothing: nobody can tell whose visit a row is; each is erased within the hour (guardians.tasks)."""


register(Claim(models=(FranceConnectVisit,), export=_export_nothing, erase=_leave_to_the_clock))
