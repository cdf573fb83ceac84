"""What staff do to the accounts of a whole school, on the page of the school."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from accounts import crowds, school_resets
from accounts.models import Power
from accounts.own_school_forms import ResetByStaffForm
from back_office.acts import Act, Refused
from schools.admin.declared import SchoolAdmin
from schools.models import School
from throttling import limits

from .refusals import asked_by


def _reset(request: HttpRequest, school: School, said: dict[str, Any]) -> None:
    optional = {each.code for each in crowds.registered() if said.get(f"with_{each.code}")}
    try:
        school_resets.ask(
            school,
            optional=frozenset(optional),
            submission=said["submission"],
            by=asked_by(request),
            reason=said["reason"],
        )
    except limits.Refused as refusal:
        raise Refused(
            _now("C’est déjà la cinquième fois aujourd’hui pour cet établissement. Réessayez %(wait)s.")
            % {"wait": refusal.wait}
        ) from refusal


SchoolAdmin.offer(
    Act(
        name="remettre-a-zero",
        label=_("Fermer toutes les sessions et exiger de nouveaux mots de passe"),
        power=Power.RESET_SCHOOL,
        do=_reset,
        done=_("C’est en cours : en une minute, toutes les sessions de l’établissement sont fermées."),
        explanation=_(
            "Pour un établissement dont des comptes sont volés. Élèves et personnel sont déconnectés "
            "partout, leurs mots de passe ne marchent plus. Un courriel part à qui a une adresse ; "
            "l’établissement remet une nouvelle lettre aux autres. Qui a un rôle dans l’administration n’est "
            "pas touché."
        ),
        form=ResetByStaffForm,
        grave=True,
    )
)
