"""What people type: cleaned, refused with a kind sentence, never judged against the database.

Forms clean; the use cases in ``registration.py``, ``recovery.py``… act, and a view turns their
refusals into errors of the form.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from schools import person_names, reference
from schools.forms import SubmissionField

from . import addresses, usernames
from .models import AgeGroup, Level, Profile
from .passwords import MCM as POLICY
from .passwords import PasswordContext, PasswordPolicy

ABROAD = "etranger"
# ISO 3166 has codes of their own for parts of France, which have an académie or a service here.
IN_FRANCE = frozenset(["FR", "GP", "MQ", "GF", "RE", "YT", "PM", "BL", "MF", "NC", "PF", "WF", "TF"])


class PasswordField(forms.CharField):
    """A password exactly as typed: nothing stripped, its length judged by the policy."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(strip=False, widget=forms.PasswordInput, **kwargs)


class DependentChoiceField(forms.ChoiceField):
    """A choice whose right answers depend on another field: judged in the form's ``clean``."""

    def valid_value(self, value: Any) -> bool:
        """Let every value through to the form."""
        return True


class PlaceFields(forms.Form):
    """Where and as what: profile, académie, department or country (SCREENS A4)."""

    profile = forms.ChoiceField(
        label=_("Profil utilisateur"),
        choices=[("", _("Choisissez…")), *Profile.choices],
        error_messages={"required": _("Dites qui vous êtes : élève, responsable légal, enseignant…")},
    )
    academy = forms.ChoiceField(
        label=_("Académie (pour la France uniquement)"),
        error_messages={"required": _("Choisissez votre académie, ou « Hors de France ».")},
    )
    department = DependentChoiceField(label=_("Département"), required=False)
    country = forms.ChoiceField(label=_("Pays"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.academies = reference.academies_with_departments()
        # Functions: four hundred choices are made when they are shown, and not for every form that is sent.
        offer(self, "academy", self._academy_choices)
        offer(self, "department", self._department_choices)
        offer(self, "country", self._country_choices)

    def _academy_choices(self) -> list[tuple[str, Any]]:
        return [
            ("", _("Choisissez…")),
            *((row.code, row.name if row.is_open else self._closed(row.name)) for row in self.academies),
            (ABROAD, _("Hors de France")),
        ]

    def _department_choices(self) -> list[tuple[str, Any]]:
        shown = ((row.code, f"{row.name} ({row.code})") for row in self.departments_shown())
        return [("", _("Choisissez…")), *shown]

    @staticmethod
    def _country_choices() -> list[tuple[str, Any]]:
        return [("", _("Choisissez…")), *(each for each in countries if each.code not in IN_FRANCE)]

    @staticmethod
    def _closed(name: str) -> str:
        return _("%(academy)s — fermée pour le moment") % {"academy": name}

    def chosen_academy(self) -> reference.AcademyChoice | None:
        """Return the académie that stands in the form, typed or initial."""
        code = self["academy"].value()
        return next((row for row in self.academies if row.code == code), None)

    def departments_shown(self) -> Sequence[reference.DepartmentChoice]:
        """Return the departments of the académie chosen, or all: the choice works without JavaScript."""
        chosen = self.chosen_academy()
        if chosen is not None:
            return chosen.departments
        every = [department for row in self.academies for department in row.departments]
        return sorted(every, key=lambda department: department.code)

    def clean(self) -> dict[str, Any]:
        """Hold académie, department and country together (SCREENS A4)."""
        cleaned = super().clean() or self.cleaned_data
        code = cleaned.get("academy")
        cleaned["academy_id"] = cleaned["department_id"] = None
        if code == ABROAD:
            if not cleaned.get("country"):
                self.add_error("country", _("Choisissez le pays où vous vivez."))
            return cleaned
        chosen = next((row for row in self.academies if row.code == code), None)
        if chosen is None:
            return cleaned
        cleaned["country"] = ""
        if not chosen.is_open:
            self.add_error(
                "academy",
                _(
                    "L’académie « %(academy)s » n’a pas ouvert ce service pour le moment. "
                    "Demandez à votre établissement quand il ouvrira."
                )
                % {"academy": chosen.name},
            )
        department = next((row for row in chosen.departments if row.code == cleaned.get("department")), None)
        if department is None and "department" not in self.errors:
            self.add_error(
                "department",
                _("Choisissez le département de l’établissement, dans l’académie « %(academy)s ».")
                % {"academy": chosen.name},
            )
        elif department is not None:
            cleaned["academy_id"], cleaned["department_id"] = chosen.id, department.id
        return cleaned


class AddressFields(forms.Form):
    """An address typed twice."""

    address = forms.CharField(
        label=_("Adresse de courriel"),
        widget=forms.EmailInput,
        error_messages={"required": _("Écrivez votre adresse de courriel.")},
    )
    address_again = forms.CharField(
        label=_("Courriel (confirmation)"),
        widget=forms.EmailInput,
        error_messages={"required": _("Écrivez l’adresse une seconde fois, pour éviter une erreur.")},
    )

    def clean_address(self) -> str:
        """Return the canonical address."""
        return addresses.clean_address(self.cleaned_data["address"])

    def clean(self) -> dict[str, Any]:
        """Hold both addresses against each other."""
        cleaned = super().clean() or self.cleaned_data
        again = cleaned.get("address_again")
        if again and cleaned.get("address"):
            try:
                same = addresses.clean_address(again) == cleaned["address"]
            except ValidationError:
                same = False
            if not same:
                self.add_error("address_again", _("Les deux adresses ne sont pas les mêmes. Comparez-les."))
        return cleaned


class RegistrationForm(PlaceFields, AddressFields):
    """« Nouveau compte » (SCREENS A4, A8)."""

    policy = POLICY
    submission = SubmissionField()
    first_name = forms.CharField(label=_("Prénom"), error_messages={"required": _("Écrivez le prénom.")})
    last_name = forms.CharField(label=_("Nom"), error_messages={"required": _("Écrivez le nom.")})
    username = forms.CharField(
        label=_("Nom d'utilisateur"),
        error_messages={"required": _("Choisissez un nom d’utilisateur, par exemple prenom.nom.")},
    )
    password = PasswordField(
        label=_("Mot de passe"), error_messages={"required": _("Choisissez un mot de passe.")}
    )
    age_group = forms.ChoiceField(
        label=_("Âge de l’élève"), choices=AgeGroup.choices, widget=forms.RadioSelect, required=False
    )

    field_order = (
        "submission",
        "profile",
        "age_group",
        "first_name",
        "last_name",
        "username",
        "password",
        "academy",
        "department",
        "country",
        "address",
        "address_again",
    )

    def clean_first_name(self) -> str:
        """Return the first name in canonical form."""
        return person_names.clean_name(self.cleaned_data["first_name"])

    def clean_last_name(self) -> str:
        """Return the name in canonical form."""
        return person_names.clean_name(self.cleaned_data["last_name"])

    def clean_username(self) -> str:
        """Return the user name in lower case."""
        return usernames.clean(self.cleaned_data["username"])

    def clean(self) -> dict[str, Any]:
        """Judge the password beside the names, and the age beside the profile."""
        cleaned = super().clean()
        if cleaned.get("profile") == Profile.STUDENT:
            if not cleaned.get("age_group") and "age_group" not in self.errors:
                self.add_error("age_group", _("Dites l’âge de l’élève."))
        else:
            cleaned["age_group"] = ""
        if cleaned.get("password"):
            judge_password(self, cleaned["password"], context_of(cleaned), self.policy)
        return cleaned


class RenewalForm(PlaceFields):
    """« Je renouvelle mon inscription »: a level, where and as what, for this school year."""

    level = forms.ChoiceField(label=_("Niveau"), choices=Level.choices, widget=forms.RadioSelect)

    def __init__(self, *args: Any, levels: Sequence[tuple[str, Any]] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if levels is not None:  # those that are left to add
            self.fields["level"] = forms.ChoiceField(
                label=_("Niveau"), choices=levels, widget=forms.RadioSelect
            )


class AddressCorrectionForm(AddressFields):
    """« Vérifiez vos messages »: the address was mistyped (SCREENS A5)."""


class SignInForm(forms.Form):
    """« Connexion » (SCREENS A2). Checked by the view, through the backend of the door."""

    login = forms.CharField(
        label=_("Nom d'utilisateur / adresse de courriel"),
        max_length=254,
        error_messages={
            "required": _("Écrivez votre nom d’utilisateur ou votre adresse de courriel."),
            "max_length": _("C’est trop long pour un nom d’utilisateur ou une adresse."),
        },
    )
    password = PasswordField(
        label=_("Mot de passe"), error_messages={"required": _("Écrivez votre mot de passe.")}
    )
    remember_name = forms.BooleanField(label=_("Se souvenir du nom d'utilisateur"), required=False)


class RecoveryForm(forms.Form):
    """« Vous avez oublié votre nom d’utilisateur et/ou votre mot de passe ? »"""

    login = forms.CharField(
        label=_("Adresse de courriel ou nom d’utilisateur"),
        max_length=254,
        error_messages={
            "required": _("Écrivez l’adresse de courriel de votre compte, ou votre nom d’utilisateur."),
            "max_length": _("C’est trop long pour un nom d’utilisateur ou une adresse."),
        },
    )


class NewPasswordForm(forms.Form):
    """A new password for somebody we know."""

    password = PasswordField(
        label=_("Nouveau mot de passe"), error_messages={"required": _("Choisissez un mot de passe.")}
    )

    policy = POLICY  # of « Ma classe à la maison », unless the account has other doors

    def __init__(
        self, *args: Any, context: PasswordContext, policy: PasswordPolicy | None = None, **kwargs: Any
    ) -> None:
        self.context = context
        self.policy = policy or self.policy
        super().__init__(*args, **kwargs)

    def clean(self) -> dict[str, Any]:
        """Judge the password beside what is known of its owner."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("password"):
            judge_password(self, cleaned["password"], self.context, self.policy)
        return cleaned


class PasswordProofForm(forms.Form):
    """The password chosen at sign-up, asked for elsewhere than in the browser that signed up."""

    password = PasswordField(
        label=_("Mot de passe choisi à l’inscription"),
        error_messages={"required": _("Écrivez le mot de passe choisi à l’inscription.")},
    )


class GuardianAgreementForm(forms.Form):
    """A guardian's agreement to a minor's account (SCREENS A8)."""

    first_name = forms.CharField(
        label=_("Prénom de l’enfant"),
        max_length=person_names.MAXIMUM_LENGTH,
        error_messages={"required": _("Écrivez le prénom de l’enfant.")},
    )
    agrees = forms.BooleanField(error_messages={"required": _("Cochez la case pour donner votre accord.")})

    def __init__(self, *args: Any, expected: str, **kwargs: Any) -> None:
        self.expected = expected
        super().__init__(*args, **kwargs)
        self.fields["agrees"].label = _("Je suis responsable légal de %(name)s et j'accepte") % {
            "name": expected
        }

    def clean_first_name(self) -> str:
        """Compare without regard to case, accents and hyphens."""
        if person_names.comparison_key(self.cleaned_data["first_name"]) != person_names.comparison_key(
            self.expected
        ):
            raise ValidationError(
                _("Ce n’est pas le prénom écrit à l’inscription. Vérifiez-le dans le message reçu.")
            )
        return self.expected


def offer(form: forms.Form, name: str, choices: Any) -> None:
    """Set what one of a form's choices offers: pairs, or a function that makes them when they are shown."""
    field = form.fields[name]
    assert isinstance(field, forms.ChoiceField)
    field.choices = choices


def judge_password(form: forms.Form, password: str, context: PasswordContext, policy: PasswordPolicy) -> None:
    """Add the policy's sentences to the form, one for each broken rule."""
    try:
        policy.validate(password, context)
    except ValidationError as error:
        form.add_error("password", error)


def context_of(cleaned: dict[str, Any]) -> PasswordContext:
    """Gather what the password must not be made of."""
    return PasswordContext(
        names=tuple(filter(None, (cleaned.get("first_name"), cleaned.get("last_name")))),
        username=cleaned.get("username", ""),
        address=cleaned.get("address", ""),
        school_words=(),
    )


class SmsCodeForm(forms.Form):
    """« Un code de sécurité a été envoyé »: the six digits of an SMS (SCREENS C5, D6)."""

    code = forms.CharField(
        label=_("Code de sécurité"),
        help_text=_("Les 6 chiffres du SMS."),
        max_length=100,
        widget=forms.TextInput(attrs={"inputmode": "numeric"}),
        error_messages={"required": _("Écrivez les 6 chiffres du SMS.")},
    )
