"""What this app holds of people (GDPR 15, 17). Discovered by ``accounts``."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.moving import Fate, Pointer
from accounts.personal_data import Claim, register

from .models import SupportRequest, SupportRequestQuerySet


def _of(user: User) -> SupportRequestQuerySet:
    """Return what somebody asked: signed in, or as nobody with the address that is now theirs."""
    mine = Q(user=user)
    if address := user.address():
        mine |= Q(mail=address, user=None)
    return SupportRequest.objects.filter(mine)


def _export(user: User) -> dict[str, Any]:
    return {
        "support_requests": [
            {
                "to": str(asked.school or asked.academy),
                "reason": asked.get_reason_display(),
                "first_name": asked.first_name,
                "last_name": asked.last_name,
                "child": asked.child,
                "mail": asked.mail,
                "mobile": asked.mobile,
                "text": asked.text,
                "answer": asked.answer,
                "opened_at": asked.opened_at.isoformat(),
                "closed_at": asked.closed_at.isoformat() if asked.closed_at else None,
            }
            for asked in _of(user).select_related("school", "academy").order_by("pk")
        ]
    }


def _erase(user: User) -> None:
    _of(user).delete()


def _in_words(rows: QuerySet[Any]) -> list[str]:
    return [
        _("Demande à l’établissement : %(reason)s") % {"reason": each.get_reason_display()}
        for each in rows.order_by("pk")
    ]


register(
    Claim(
        models=(SupportRequest,),
        export=_export,
        erase=_erase,
        pointers=(
            Pointer(SupportRequest, "user", Fate.MOVES, says=_in_words),
            Pointer(SupportRequest, "answered_by", Fate.MOVES),
        ),
    )
)
