"""What people type to ask a school for help, and what it answers."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.addresses import clean_address
from accounts.forms import SubmissionField, offer
from schools import person_names, reference
from schools.models import Academy, School
from schools.rosters.phones import FRENCH_PREFIXES, Line, phone, region_of
from schools.rosters.uai import clean_uai
from schools.search_key import prefix_query, words_of

from .models import LONGEST, SupportRequest
from .requests import Place

MOST_SCHOOLS = 20  # to choose among
NONE_OF_THEM = "none"


class TextField(forms.CharField):
    """A short text in plain words: line ends are one sign, and what cannot be seen is left out (T47)."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(widget=forms.Textarea(attrs={"rows": 5}), **kwargs)

    def to_python(self, value: Any) -> str:
        """Return the text as it is kept."""
        text = unicodedata.normalize("NFC", str(value or "")[: 4 * LONGEST]).replace("\r\n", "\n")
        text = "".join("\n" if sign == "\r" else sign for sign in text)
        kept = (sign for sign in text if sign == "\n" or unicodedata.category(sign)[0] != "C")
        return "".join(kept).strip()

    def validate(self, value: str) -> None:
        """Refuse what is too long, in the length that is kept."""
        super().validate(value)
        if len(value) > LONGEST:
            raise ValidationError(
                _("Soyez plus bref : %(most)s caractères au plus."), params={"most": LONGEST}
            )


class RequestForm(forms.Form):
    """« Demander de l’aide à l’établissement »."""

    submission = SubmissionField()
    reason = forms.ChoiceField(
        label=_("Qu’est-ce qui ne marche pas ?"),
        choices=SupportRequest.Reason.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Choisissez ce qui ne marche pas.")},
    )
    last_name = forms.CharField(
        label=_("Votre nom"), max_length=400, error_messages={"required": _("Écrivez votre nom.")}
    )
    first_name = forms.CharField(
        label=_("Votre prénom"), max_length=400, error_messages={"required": _("Écrivez votre prénom.")}
    )
    child = forms.CharField(
        label=_("Prénom et nom de l’enfant"),
        max_length=400,
        error_messages={"required": _("Écrivez le prénom et le nom d’un de vos enfants.")},
    )
    school = forms.CharField(
        label=_("Établissement"),
        help_text=_("Son nom et sa commune, par exemple « Jules Verne Amiens », ou son code UAI."),
        max_length=200,
        required=False,
    )
    chosen = forms.ChoiceField(label=_("Lequel est-ce ?"), widget=forms.RadioSelect, required=False)
    academy = forms.ChoiceField(
        label=_("Académie, si vous ne trouvez pas l’établissement"),
        help_text=_("Le service numérique de l’académie lira alors votre demande."),
        required=False,
    )
    reach = forms.CharField(
        label=_("Courriel ou téléphone portable pour vous répondre"),
        help_text=_("Un seul suffit, par exemple 06 12 34 56 78."),
        max_length=254,
        error_messages={"required": _("Écrivez une adresse de courriel ou un numéro de portable.")},
    )
    text = TextField(
        label=_("Votre message"),
        help_text=_("Dites en quelques mots ce qui se passe. N’écrivez pas de mot de passe."),
        required=False,
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(
            self,
            "academy",
            lambda: [
                ("", _("Choisissez…")),
                *((row.code, row.name) for row in reference.academies_with_departments()),
            ],
        )
        self.found = self._schools_typed() if self.is_bound else []
        offer(
            self,
            "chosen",
            [
                *((str(each.public_id), self._words(each)) for each in self.found),
                (NONE_OF_THEM, _("Aucun de ceux-ci")),
            ],
        )

    @staticmethod
    def _words(school: School) -> str:
        return f"{school.name}, {school.postcode} {school.commune} ({school.uai})".replace(",  (", " (")

    def _schools_typed(self) -> list[School]:
        """Look for what was typed in the national list, by an index; one more than can be shown."""
        typed = str(self.data.get("school", "")).replace("\0", "")[:200]
        known = School.objects.filter(is_open=True).select_related("academy")
        if uai := clean_uai(typed):
            return list(known.filter(uai=uai))
        query = prefix_query(typed)
        if query is None:
            return []
        return list(known.alias(words=words_of("search_key")).filter(words=query)[: MOST_SCHOOLS + 1])

    def clean_last_name(self) -> str:
        """Refuse what is no name."""
        return person_names.clean_name(self.cleaned_data["last_name"])

    def clean_first_name(self) -> str:
        """Refuse what is no name."""
        return person_names.clean_name(self.cleaned_data["first_name"])

    def clean_child(self) -> str:
        """Refuse what is no name."""
        return person_names.clean_name(self.cleaned_data["child"])

    def clean(self) -> dict[str, Any]:
        """Find the school, or else the académie; then read how to reach the person."""
        cleaned = super().clean() or self.cleaned_data
        cleaned["place"] = self._place(cleaned)
        if cleaned.get("reach"):
            self._read_reach(cleaned)
        return cleaned

    def _place(self, cleaned: dict[str, Any]) -> Place | None:
        school = self._school(cleaned)
        if school is not None:
            return Place(school.academy, school)
        if "school" in self.errors or "chosen" in self.errors or "academy" in self.errors:
            return None
        academy = Academy.objects.filter(code=cleaned.get("academy") or "").first()
        if academy is not None:
            return Place(academy)
        if self.found:
            self.add_error("academy", _("Choisissez l’académie de l’établissement."))
        elif cleaned.get("school"):
            self.add_error(
                "school",
                _(
                    "Nous ne trouvons pas cet établissement. Essayez son nom et sa commune, "
                    "ou choisissez l’académie."
                ),
            )
        else:
            self.add_error("school", _("Écrivez le nom de l’établissement et sa commune."))
        return None

    def _school(self, cleaned: dict[str, Any]) -> School | None:
        if "school" in self.errors or "chosen" in self.errors:
            return None
        if len(self.found) > MOST_SCHOOLS:
            self.found = []
            self.add_error(
                "school", _("Beaucoup d’établissements s’appellent ainsi. Ajoutez le nom de la commune.")
            )
        elif self.found and clean_uai(cleaned.get("school", "")):
            return self.found[0]
        elif self.found and not cleaned.get("chosen"):
            self.add_error("chosen", _("Choisissez l’établissement dans la liste."))
        return next((each for each in self.found if str(each.public_id) == cleaned.get("chosen")), None)

    def _read_reach(self, cleaned: dict[str, Any]) -> None:
        cleaned["mail"] = cleaned["mobile"] = ""
        written = cleaned["reach"]
        if "@" in written:
            try:
                cleaned["mail"] = clean_address(written)
            except ValidationError as error:
                self.add_error("reach", error)
            return
        place = cleaned.get("place")
        region = region_of(place.school.uai) if place and place.school else "FR"
        number, line = phone(written, region)
        if line is not Line.MOBILE or not number.startswith(FRENCH_PREFIXES):
            self.add_error(
                "reach",
                _(
                    "Écrivez une adresse de courriel comme prenom.nom@exemple.fr, ou un numéro de portable "
                    "français comme 06 12 34 56 78."
                ),
            )
        cleaned["mobile"] = number


class DirectoryPhoneForm(forms.Form):
    """A member of the staff tells their school that its directory is wrong."""

    submission = SubmissionField()
    school = forms.ChoiceField(
        label=_("Établissement"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choisissez l’établissement.")},
    )
    text = TextField(
        label=_("Ce qui est faux, et ce qu’il faut écrire"),
        help_text=_("Par exemple : le portable est maintenant le 06 12 34 56 78."),
        error_messages={"required": _("Dites quel téléphone est faux.")},
    )

    def __init__(self, *args: Any, schools: Sequence[School], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.schools = {str(each.public_id): each for each in schools}
        offer(self, "school", [(key, str(each)) for key, each in self.schools.items()])
        if len(self.schools) == 1:
            self.initial.setdefault("school", next(iter(self.schools)))

    def clean_school(self) -> School:
        """Return the school itself."""
        return self.schools[self.cleaned_data["school"]]


class AnswerForm(forms.Form):
    """What the school answers."""

    answer = TextField(
        label=_("Votre réponse"),
        help_text=_(
            "La personne la lit sur une page du portail, par un lien reçu par courriel ou par SMS. "
            "N’y écrivez ni code, ni date de naissance, ni coordonnées d’une autre personne."
        ),
        error_messages={"required": _("Écrivez votre réponse.")},
    )
