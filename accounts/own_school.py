"""The staff of a school, and what its head does for its accounts, on « Mon établissement ».

Discovered by ``schools``.
"""

from __future__ import annotations

from collections.abc import Sequence

from allauth.mfa.models import Authenticator
from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import Count, Exists, F, OuterRef, QuerySet, Subquery
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from schools.models import School, StaffMember
from schools.own_school import Figure, Page, register

from .models import LocalAdmin, Power


def staff_of(school: School) -> QuerySet[StaffMember]:
    """Return who works at a school, each with what its head may know of their account.

    ``account_key`` and ``last_sign_in`` (the page shows its month only: nobody's hours are watched),
    ``has_factor``, and ``areas``: what a local admin looks after.
    """
    factors = Authenticator.objects.filter(user=OuterRef("account__pk")).exclude(
        type=Authenticator.Type.RECOVERY_CODES
    )
    given = LocalAdmin.objects.filter(member=OuterRef("pk"), ended_at=None).order_by("area")
    return StaffMember.objects.filter(school=school, gone_at=None).annotate(
        account_key=F("account__pk"),
        last_sign_in=F("account__last_login"),
        # Its key, and not whether there is one: that PostgreSQL would read out of the whole table.
        has_factor=Subquery(factors.values("pk")[:1]),
        areas=ArraySubquery(given.values("area")),
    )


def _figures(school: School) -> Sequence[Figure]:
    given = LocalAdmin.objects.filter(member=OuterRef("pk"), ended_at=None)
    found = StaffMember.objects.filter(school=school, gone_at=None).aggregate(
        everybody=Count("pk"),
        come=Count("account__last_login"),
        admins=Count("pk", filter=Exists(given)),
    )
    return (
        Figure(gettext("Membres du personnel"), found["everybody"]),
        Figure(gettext("Se sont déjà connectés"), found["come"]),
        Figure(gettext("Administrateurs locaux"), found["admins"]),
    )


register(
    Page(
        order=10,
        name="own_school_staff",
        label=_("Personnel"),
        says=_("Qui travaille ici, qui s’est connecté, et qui vous aide à tenir le portail."),
        power=Power.LOOK_AFTER_STAFF,
        figures=_figures,
    )
)
register(
    Page(
        order=60,
        name="own_school_reset",
        label=_("Sécurité"),
        says=_(
            "Si des comptes sont volés : fermer toutes les sessions, et demander de nouveaux mots de passe."
        ),
        power=Power.RESET_SCHOOL,
    )
)
