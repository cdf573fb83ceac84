"""What guardians type: cleaned, refused with a kind sentence, never judged against the school's records."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.forms import NewPasswordForm, PasswordField, SignInForm, SubmissionField, offer
from accounts.models import PolicyDocument
from accounts.passwords import EDUCONNECT
from schools import person_names
from schools.rosters.birth_dates import NoBirthDate, birth_date
from schools.rosters.phones import FRENCH_PREFIXES, Line, phone
from schools.school_year import today

from .children_accounts import Child, OtherTexts, texts_accepted
from .models import Answer

# Where the schools of the thirty académies are: an SMS goes nowhere else (SAFETY T7).
REGIONS = (
    ("FR", _("France métropolitaine (+33)")),
    ("GP", _("Guadeloupe, Saint-Martin, Saint-Barthélemy (+590)")),
    ("MQ", _("Martinique (+596)")),
    ("GF", _("Guyane (+594)")),
    ("RE", _("La Réunion (+262)")),
    ("YT", _("Mayotte (+262)")),
    ("PM", _("Saint-Pierre-et-Miquelon (+508)")),
    ("NC", _("Nouvelle-Calédonie (+687)")),
    ("PF", _("Polynésie française (+689)")),
    ("WF", _("Wallis-et-Futuna (+681)")),
)


class GuardianSignInForm(SignInForm):
    """« Je me connecte avec mon compte » (SCREENS D4)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        login = self.fields["login"]
        login.label = _("Identifiant")
        self.fields["remember_name"].label = _("Se souvenir de mon identifiant")
        login.help_text = _("Par exemple p.martin27")
        login.error_messages = {**login.error_messages, "required": _("Écrivez votre identifiant.")}


class MobileForm(forms.Form):
    """A mobile number that an SMS reaches (SCREENS D5, D10)."""

    region = forms.ChoiceField(label=_("Pays ou territoire du numéro"), choices=REGIONS, initial="FR")
    mobile = forms.CharField(
        label=_("N° de téléphone portable"),
        help_text=_("Par exemple 06 12 34 56 78."),
        max_length=40,
        widget=forms.TextInput(attrs={"inputmode": "tel"}),
        error_messages={"required": _("Écrivez votre numéro de téléphone portable.")},
    )

    def clean(self) -> dict[str, Any]:
        """Read the number in the way of its region; a landline gets no SMS."""
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("mobile"):
            return cleaned
        number, line = phone(cleaned["mobile"], cleaned.get("region") or "FR")
        if line is Line.NONE:
            self.add_error("mobile", _("Ce numéro n’est pas complet. Écrivez-le comme 06 12 34 56 78."))
        elif line is not Line.MOBILE or not number.startswith(FRENCH_PREFIXES):
            self.add_error(
                "mobile",
                _("Ce n’est pas un numéro de portable français. Nous ne pouvons pas y envoyer de SMS."),
            )
        cleaned["mobile"] = number
        return cleaned


class IdentityForm(MobileForm):
    """« Je confirme mon identité » (SCREENS D5)."""

    last_name = forms.CharField(
        label=_("Nom"),
        help_text=_("De naissance ou d’usage, comme l’école le connaît."),
        max_length=400,
        error_messages={"required": _("Écrivez votre nom.")},
    )
    first_name = forms.CharField(
        label=_("Prénom"), max_length=400, error_messages={"required": _("Écrivez votre prénom.")}
    )
    field_order = ("last_name", "first_name", "region", "mobile")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["mobile"].help_text = _(
            "Celui que vous avez donné à l’école, par exemple 06 12 34 56 78."
        )

    def clean_last_name(self) -> str:
        """Refuse what is no name."""
        return person_names.clean_name(self.cleaned_data["last_name"])

    def clean_first_name(self) -> str:
        """Refuse what is no name."""
        return person_names.clean_name(self.cleaned_data["first_name"])


class OwnSchoolCodeForm(forms.Form):
    """A code that the school gave."""

    code = forms.CharField(
        label=_("Code donné par l’établissement"),
        help_text=_("6 lettres et chiffres, par exemple K7M 4PQ ; 9 sur une lettre."),
        max_length=100,
        widget=forms.TextInput(attrs={"autocapitalize": "characters", "spellcheck": "false"}),
        error_messages={"required": _("Écrivez les lettres et chiffres du code.")},
    )


class SchoolCodeForm(OwnSchoolCodeForm):
    """The same with the names of who comes: a code alone opens nothing."""

    last_name = forms.CharField(
        label=_("Nom"),
        help_text=_("De naissance ou d’usage, comme l’école le connaît."),
        max_length=400,
        error_messages={"required": _("Écrivez votre nom.")},
    )
    first_name = forms.CharField(
        label=_("Prénom"), max_length=400, error_messages={"required": _("Écrivez votre prénom.")}
    )
    field_order = ("last_name", "first_name", "code")

    def clean_last_name(self) -> str:
        """Refuse what is no name."""
        return person_names.clean_name(self.cleaned_data["last_name"])

    def clean_first_name(self) -> str:
        """Refuse what is no name."""
        return person_names.clean_name(self.cleaned_data["first_name"])


class GiveCodeForm(forms.Form):
    """« Donner un code »: sent twice, it gives one."""

    submission = SubmissionField()


class BirthDateForm(forms.Form):
    """A child's birth date in three boxes; « 00 », or nothing, for what the papers do not say."""

    day = forms.CharField(label=_("Jour"), required=False, max_length=10)
    month = forms.CharField(label=_("Mois"), required=False, max_length=10)
    year = forms.CharField(label=_("Année"), required=False, max_length=10)

    def needs_date(self, cleaned: dict[str, Any]) -> bool:
        """Say whether there must be one."""
        return True

    def clean(self) -> dict[str, Any]:
        """Put the date together: « 2012-03-09 », with 00 for what the papers do not say."""
        cleaned = super().clean() or self.cleaned_data
        cleaned["birth_date"] = ""
        if not self.needs_date(cleaned):
            return cleaned
        day, month, year = (cleaned.get(part, "").strip() for part in ("day", "month", "year"))
        if not year:
            self.add_error("day", _("Écrivez la date de naissance de l’élève."))
            return cleaned
        try:
            cleaned["birth_date"] = birth_date(f"{day or '00'}/{month or '00'}/{year}", today())
        except NoBirthDate as error:
            if error.code == "date_out_of_range":
                self.add_error("day", _("Vérifiez l’année : un élève n’a pas cet âge."))
            elif error.code == "date_short_year":
                self.add_error("day", _("Écrivez l’année en quatre chiffres, par exemple 2012."))
            else:
                self.add_error(
                    "day", _("Cette date n’existe pas. Écrivez-la en chiffres, par exemple 09 03 2012.")
                )
        return cleaned


class ChildForm(BirthDateForm):
    """« Rattachement des élèves au compte », one child (SCREENS D7)."""

    answer = forms.ChoiceField(
        label=_("Votre lien avec cet élève"),
        choices=Answer.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choisissez l’une des deux réponses.")},
    )
    field_order = ("answer", "day", "month", "year")

    def __init__(self, *args: Any, is_in_charge: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if is_in_charge:  # the school's record says so: nobody declares to be more than that
            offer(
                self,
                "answer",
                [
                    (Answer.GUARDIAN, _("Je suis la personne en charge de cet élève")),
                    (Answer.NOT_GUARDIAN, _("Je ne suis pas en charge de cet élève")),
                ],
            )

    def needs_date(self, cleaned: dict[str, Any]) -> bool:
        """Only who says yes is asked when the child was born."""
        return bool(cleaned.get("answer") == Answer.GUARDIAN)


class OtherAccountForm(forms.Form):
    """The other account of the same person, which proves itself too (SCREENS D10)."""

    login = forms.CharField(
        label=_("Identifiant de l’autre compte"),
        max_length=254,
        error_messages={"required": _("Écrivez l’identifiant de l’autre compte.")},
    )
    password = PasswordField(
        label=_("Mot de passe de l’autre compte"),
        error_messages={"required": _("Écrivez le mot de passe de l’autre compte.")},
    )


class ChildrenForm(forms.Form):
    """For whom accounts are to be made, and the agreement on their behalf (SCREENS A3)."""

    children = forms.MultipleChoiceField(
        label=_("Les enfants qui auront un compte"),
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": _("Cochez au moins un enfant.")},
    )
    accept = forms.BooleanField(
        label=_("J’accepte, pour ces enfants, les conditions d’utilisation et la charte des élèves"),
        error_messages={"required": _("Cochez la case pour continuer : sans accord, pas de compte.")},
    )

    texts: Sequence[PolicyDocument] = ()  # those that were agreed to

    def __init__(self, *args: Any, children: Sequence[Child], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "children", [(str(each.student.public_id), str(each.student)) for each in children])

    def clean(self) -> dict[str, Any]:
        """Take the agreement for the texts that the page showed, and for no others."""
        cleaned = super().clean() or self.cleaned_data
        shown = self.data.getlist("text") if isinstance(self.data, QueryDict) else []
        try:
            self.texts = texts_accepted(shown)
        except OtherTexts:
            self.add_error(
                "accept", _("Ces textes viennent de changer. Lisez-les de nouveau, puis cochez la case.")
            )
        return cleaned


class GuardianPasswordForm(NewPasswordForm):
    """« Je choisis mon nouveau mot de passe » (SCREENS D8)."""

    policy = EDUCONNECT
    confirmation = PasswordField(
        label=_("Confirmation du mot de passe"),
        error_messages={"required": _("Écrivez le mot de passe une seconde fois.")},
    )

    def clean(self) -> dict[str, Any]:
        """Judge it by the policy of this door; both must be the same."""
        typed = self.data.get(self.add_prefix("password"), "")
        cleaned = super().clean()
        if typed and cleaned.get("confirmation") and cleaned["confirmation"] != typed:
            self.add_error("confirmation", _("Les deux mots de passe ne sont pas les mêmes."))
        return cleaned
