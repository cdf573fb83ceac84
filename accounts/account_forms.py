"""What people type in « Mon compte »."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from schools import person_names

from . import doors, otp_keys, second_factor
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


class PinForm(forms.Form):
    """A PIN of four to eight digits, twice. Digits of any script are read as ours; spaces do not count."""

    pin = forms.CharField(
        label=_("Code PIN"),
        max_length=40,
        widget=forms.PasswordInput,
        error_messages={"required": _("Choisissez un code PIN."), "max_length": _("Huit chiffres au plus.")},
    )
    pin_again = forms.CharField(
        label=_("Code PIN, encore une fois"),
        max_length=40,
        widget=forms.PasswordInput,
        error_messages={
            "required": _("Écrivez le code PIN une deuxième fois."),
            "max_length": _("Huit chiffres au plus."),
        },
    )

    def clean_pin(self) -> str:
        """Return the digits; refuse another length, letters, and what everybody tries first."""
        pin = second_factor.normalised(self.cleaned_data["pin"])
        if not pin.isdecimal() or not otp_keys.SHORTEST_PIN <= len(pin) <= otp_keys.LONGEST_PIN:
            raise ValidationError(_("De quatre à huit chiffres, sans lettre."))
        if otp_keys.is_easily_guessed(pin):
            raise ValidationError(
                _("Ce code PIN est trop facile à deviner : mélangez davantage les chiffres.")
            )
        return pin

    def clean(self) -> dict[str, Any]:
        """Compare the two."""
        cleaned: dict[str, Any] = super().clean() or {}
        again = second_factor.normalised(cleaned.get("pin_again") or "")
        if "pin" in cleaned and again and again != cleaned["pin"]:
            self.add_error("pin_again", _("Les deux codes PIN ne sont pas les mêmes."))
        return cleaned


class KeyForm(PinForm, CodeForm):
    """The PIN of a new key, and the first code that its app shows."""

    field_order = ("pin", "pin_again", "code")


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
