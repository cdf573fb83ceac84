"""What the head of a school lets its teachers choose, on « Mon établissement ». Discovered by ``schools``."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.models import Power
from schools.own_school import Page, register

register(
    Page(
        order=45,
        name="own_school_classes",
        label=_("Classes virtuelles"),
        says=_(
            "Ce que vos enseignants peuvent choisir : par lien ou par compte, pour eux ou pour une classe."
        ),
        power=Power.RULE_CLASSES,
    )
)
