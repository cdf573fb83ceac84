"""What people type in « Mon compte »."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.utils.translation import gettext_lazy as _

from schools import person_names

from . import doors
from .forms import NewPasswordForm, PasswordField, offer

PASSKEY_LONGEST = 20_000  # characters: an answer of a browser has a thousand or two


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


class PasskeyInstead(forms.Form):
    """A form with one field that a passkey may stand for; ``js/passkeys.js`` sends what the browser made."""

    stands_for: ClassVar[str]
    credential = forms.CharField(required=False, max_length=PASSKEY_LONGEST, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields[self.stands_for].required = False

    def clean(self) -> dict[str, Any]:
        """Ask for the field where no passkey came."""
        cleaned: dict[str, Any] = super().clean() or {}
        typed = self.stands_for
        if typed not in self.errors and not cleaned.get(typed) and not cleaned.get("credential"):
            self.add_error(typed, self.fields[typed].error_messages["required"])
        return cleaned


class CodeOrPasskeyForm(PasskeyInstead, CodeForm):
    """A code, or a passkey."""

    stands_for = "code"


class PasswordOrPasskeyForm(PasskeyInstead, OwnPasswordForm):
    """The password asked for again, or a passkey that says who holds it."""

    stands_for = "password"


class PasskeyForm(forms.Form):
    """A new passkey, under the name that its owner will know it by."""

    name = forms.CharField(
        label=_("Nom de cette clé"),
        max_length=40,
        required=False,
        error_messages={"max_length": _("C’est trop long : quarante caractères au plus.")},
    )
    credential = forms.CharField(
        max_length=PASSKEY_LONGEST,
        widget=forms.HiddenInput,
        error_messages={"required": _("Votre navigateur n’a pas donné de clé. Recommencez.")},
    )

    def clean_name(self) -> str:
        """Return the name on one line."""
        return " ".join(self.cleaned_data["name"].split())


class OtherAccountForm(forms.Form):
    """The other account of the same person, named as at its own door (SCREENS C7)."""

    authority = forms.ChoiceField(
        label=_("Où vous connectez-vous avec l’autre compte ?"),
        error_messages={"required": _("Dites où vous vous connectez avec l’autre compte.")},
    )
    login = forms.CharField(
        label=_("Nom de connexion ou adresse de courriel de l’autre compte"),
        max_length=254,
        error_messages={
            "required": _("Écrivez ce qui vous sert à ouvrir l’autre compte."),
            "max_length": _("C’est trop long pour un nom de connexion ou une adresse."),
        },
    )
    password = PasswordField(
        label=_("Mot de passe de l’autre compte"),
        error_messages={"required": _("Écrivez le mot de passe de l’autre compte.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "authority", doors.authorities)
