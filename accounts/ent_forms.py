"""What people type at the doors of the ENT and in the steps of a first sign-in (SCREENS C2 to C5)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from schools.letters import codes
from schools.rosters.phones import FRENCH_PREFIXES, MAINLAND, Line, phone

from .addresses import clean_address
from .forms import NewPasswordForm, PasswordField, SignInForm, SubmissionField
from .passwords import ENT


class _EntSignInForm(SignInForm):
    """« Authentification »."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        login = self.fields["login"]
        login.label = _("Identifiant")
        login.error_messages = {**login.error_messages, "required": _("Écrivez votre identifiant.")}
        self.fields["remember_name"].label = _("Se souvenir de mon identifiant")


class StaffSignInForm(_EntSignInForm):
    """The staff of an académie."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].help_text = _(
            "L’identifiant académique : initiale du prénom et nom, par exemple jmartin2."
        )
        password = self.fields["password"]
        password.label = _("Mot de passe ou Passcode OTP")
        password.help_text = _("La première fois : le code de la lettre remise par l’établissement.")


class PupilSignInForm(_EntSignInForm):
    """A pupil, who may be eight years old."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].help_text = _("Il est écrit sur ta lettre, par exemple lea.martin27.")
        self.fields["password"].help_text = _("La première fois : le code de ta lettre.")


class LetterForm(forms.Form):
    """The two lines of a letter."""

    identifier = forms.CharField(
        label=_("Identifiant"),
        help_text=_("Comme il est écrit sur la lettre."),
        max_length=64,
        error_messages={
            "required": _("Écrivez l’identifiant de la lettre."),
            "max_length": _("C’est trop long pour un identifiant."),
        },
        widget=forms.TextInput(attrs={"autocapitalize": "none", "spellcheck": "false"}),
    )
    code = forms.CharField(
        label=_("Code de la lettre"),
        help_text=_("Majuscules ou minuscules, avec ou sans espaces."),
        max_length=100,
        error_messages={"required": _("Écrivez le code de la lettre.")},
        widget=forms.TextInput(attrs={"autocapitalize": "characters", "spellcheck": "false"}),
    )

    def clean_code(self) -> str:
        """Tell a slip of the finger at once: no try is counted for it."""
        try:
            return codes.read(self.cleaned_data["code"])
        except codes.Mistyped as error:
            raise ValidationError(
                _("Il y a une faute dans ce code. Comparez-le signe par signe avec la lettre.")
            ) from error


class FirstPasswordForm(NewPasswordForm):
    """« Changement de mot de passe » (SCREENS C4)."""

    policy = ENT
    confirmation = PasswordField(
        label=_("Confirmation"),
        error_messages={"required": _("Écrivez le mot de passe une seconde fois.")},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["password"].label = _("Mot de passe")

    def clean(self) -> dict[str, Any]:
        """Judge it by the policy; both must be the same."""
        typed = self.data.get(self.add_prefix("password"), "")
        cleaned = super().clean()
        if typed and cleaned.get("confirmation") and cleaned["confirmation"] != typed:
            self.add_error("confirmation", _("Les deux mots de passe ne sont pas les mêmes."))
        return cleaned


class PhoneField(forms.CharField):
    """A telephone number, kept in E.164; nothing is one of the answers."""

    def __init__(self, *, mobile: bool = False, **kwargs: Any) -> None:
        self.mobile = mobile
        self.region = MAINLAND
        super().__init__(
            required=False, max_length=40, widget=forms.TextInput(attrs={"inputmode": "tel"}), **kwargs
        )

    def to_python(self, value: Any) -> str:
        """Return the number. « 0692… » is one of their region, or else of the mainland."""
        written = str(super().to_python(value) or "")
        if not written:
            return ""
        number, line = phone(written, self.region)
        if line is Line.NONE:
            raise ValidationError(_("Ce numéro n’est pas complet. Écrivez-le comme 06 12 34 56 78."))
        if self.mobile and (line is not Line.MOBILE or not number.startswith(FRENCH_PREFIXES)):
            raise ValidationError(
                _("Ce n’est pas un numéro de portable français. Nous ne pouvons pas y envoyer de SMS.")
            )
        return number


class AddressOnlyForm(forms.Form):
    """What a pupil of 15 or more is asked: an address, if they have one (SAFETY T54)."""

    address = forms.CharField(
        label=_("Email de réception"),
        help_text=_(
            "Facultatif. Nous y envoyons un lien : l’adresse sert dès que vous l’avez suivi, aussi pour "
            "retrouver un mot de passe oublié."
        ),
        required=False,
        max_length=254,
        widget=forms.EmailInput,
    )

    def clean_address(self) -> str:
        """Return the canonical address; nothing is one of the answers."""
        typed = self.cleaned_data["address"]
        return clean_address(typed) if typed else ""


class ContactForm(AddressOnlyForm):
    """« Contact et préférences » of the staff (SCREENS C5)."""

    ent_messages = forms.BooleanField(label=_("des messages reçus sur l’ENT"), required=False)
    school_news = forms.BooleanField(label=_("des notifications de mon établissement"), required=False)
    partner_news = forms.BooleanField(label=_("des notifications des partenaires"), required=False)
    phone_1 = PhoneField(label=_("Téléphone 1"), help_text=_("Facultatif, par exemple 01 23 45 67 89."))
    phone_2 = PhoneField(label=_("Téléphone 2"), help_text=_("Facultatif."))
    sms_mobile = PhoneField(
        mobile=True,
        label=_("Numéro pour les SMS"),
        help_text=_(
            "Facultatif, un portable, par exemple 06 12 34 56 78. Nous y envoyons un code : le numéro sert "
            "ensuite à retrouver un mot de passe oublié."
        ),
    )
    no_sms = forms.BooleanField(label=_("Ne pas me contacter par SMS"), required=False)

    def __init__(self, *args: Any, region: str = MAINLAND, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            if isinstance(field, PhoneField):
                field.region = region

    def clean(self) -> dict[str, Any]:
        """An SMS and none cannot both be meant."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("no_sms"):
            cleaned["sms_mobile"] = ""
        return cleaned


class EntRecoveryForm(forms.Form):
    """« Mot de passe oublié »."""

    login = forms.CharField(
        label=_("Identifiant"),
        max_length=254,
        error_messages={
            "required": _("Écrivez votre identifiant."),
            "max_length": _("C’est trop long pour un identifiant."),
        },
    )


class StaffRecoveryForm(EntRecoveryForm):
    """The staff say which way they can read now."""

    by = forms.ChoiceField(
        label=_("Où recevoir le lien"),
        choices=[
            ("mail", _("À mon adresse de courriel confirmée")),
            ("sms", _("Par SMS, à mon numéro confirmé")),
        ],
        widget=forms.RadioSelect,
        initial="mail",
    )


class NewLetterForm(forms.Form):
    """« Nouveau code »: sent twice, it gives one letter."""

    submission = SubmissionField()
    pupil = forms.UUIDField()
