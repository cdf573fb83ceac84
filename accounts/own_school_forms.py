"""What the head of a school types on the pages of « Mon établissement »."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from back_office.acts import LONGEST_REASON, SHORTEST_REASON, ReasonForm

from . import crowds
from .forms import SubmissionField
from .models import Area

HINTS = {
    Area.LETTERS: _("Faire, imprimer et annuler les lettres de première connexion."),
    Area.FAMILIES: _("Répondre aux demandes des familles, donner un code, rouvrir les essais de dates."),
}


class LocalAdminForm(forms.Form):
    """Which areas somebody looks after; none takes everything back."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        held = self.initial.get("areas", ())
        for area in Area:
            self.fields[area.value] = forms.BooleanField(
                label=area.label, help_text=HINTS[area], required=False, initial=area.value in held
            )

    @property
    def areas(self) -> list[str]:
        """Those that are ticked."""
        return [area.value for area in Area if self.cleaned_data[area.value]]


class OptionalCrowds(forms.Form):
    """Whose accounts are taken along only where somebody says so: they belong to other schools too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        own = list(self.fields)
        for crowd in crowds.registered():
            if crowd.is_optional:
                self.fields[f"with_{crowd.code}"] = forms.BooleanField(
                    label=_("Aussi : %(crowd)s") % {"crowd": crowd.label},
                    help_text=_("Ils servent peut-être aussi pour d’autres établissements."),
                    required=False,
                )
        self.order_fields([*(name for name in self.fields if name not in own), *own])

    @property
    def optional(self) -> frozenset[str]:
        """The codes of the crowds that are ticked."""
        return frozenset(
            crowd.code for crowd in crowds.registered() if self.cleaned_data.get(f"with_{crowd.code}")
        )


class SchoolResetForm(OptionalCrowds):
    """« Fermer toutes les sessions »: why, and that it is meant."""

    reason = forms.CharField(
        label=_("Pourquoi ?"),
        help_text=_("Gardé dans le journal avec votre nom. N’y écrivez le nom de personne."),
        widget=forms.Textarea(attrs={"rows": 3}),
        min_length=SHORTEST_REASON,
        max_length=LONGEST_REASON,
        error_messages={
            "required": _("Dites pourquoi, en quelques mots."),
            "min_length": _("Dites-en un peu plus : dix caractères au moins."),
            "max_length": _("Soyez plus bref : cinq cents caractères au plus."),
        },
    )
    confirmed = forms.BooleanField(
        label=_("J’ai compris : chacun devra choisir un nouveau mot de passe."),
        error_messages={"required": _("Cochez la case, ou revenez en arrière.")},
    )
    submission = SubmissionField()


class ResetByStaffForm(OptionalCrowds, ReasonForm):
    """The same in the administration, whose own page asks for the reason."""

    submission = SubmissionField()
