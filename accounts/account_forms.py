"""What people type in « Mon compte »."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from schools import person_names

from .forms import NewPasswordForm, PasswordField


class NamesForm(forms.Form):
    """Names as they are written for the classes."""

    first_name = forms.CharField(label=_("Prénom"), error_messages={"required": _("Écrivez le prénom.")})
    last_name = forms.CharField(label=_("Nom"), error_messages={"required": _("Écrivez le nom.")})

    def clean_first_name(self) -> str:
        """Return the first name in canonical form."""
        return person_names.clean_name(self.cleaned_data["first_name"])

    def clean_last_name(self) -> str:
        """Return the name in canonical form."""
        return person_names.clean_name(self.cleaned_data["last_name"])


class OwnPasswordForm(forms.Form):
    """The password of the account, asked for again."""

    password = PasswordField(
        label=_("Votre mot de passe"), error_messages={"required": _("Écrivez votre mot de passe.")}
    )


class PasswordChangeForm(NewPasswordForm):
    """Another password; the present one was asked for on the page before."""


class CodeForm(forms.Form):
    """A code of the app, or a recovery code."""

    code = forms.CharField(
        label=_("Code"),
        max_length=40,
        error_messages={
            "required": _("Écrivez le code."),
            "max_length": _("C’est trop long pour un code."),
        },
    )
