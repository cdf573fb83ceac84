"""What a school, or the DANE for it, is asked when files are handed over."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from .letters import texts
from .models import Audience, Division, RosterImport
from .rosters import importing
from .rosters.readers import Columns


class SubmissionField(forms.UUIDField):
    """The key of one rendered form, so that sending it twice acts once (SAFETY F14)."""

    def __init__(self) -> None:
        super().__init__(widget=forms.HiddenInput, initial=uuid.uuid4)


class ManyFilesInput(forms.ClearableFileInput):
    """A control that takes several files at once."""

    allow_multiple_selected = True
    template_name = "django/forms/widgets/file.html"


class ManyFilesField(forms.FileField):
    """Several files: at least one, and no more than a school has."""

    widget = ManyFilesInput

    def clean(self, data: Any, initial: Any = None) -> list[Any]:
        """Return the files."""
        given = data if isinstance(data, (list, tuple)) else [data]
        files = [super(ManyFilesField, self).clean(each, initial) for each in given or [None]]
        if len(files) > importing.MOST_FILES or sum(each.size for each in files) > importing.MOST_BYTES:
            raise ValidationError(
                _("C’est trop : cinq fichiers et vingt mégaoctets au plus. Envoyez seulement ceux demandés."),
                code="too_large",
            )
        return files


class UploadForm(forms.Form):
    """Which files these are, and the files."""

    kind = forms.ChoiceField(
        label=_("D’où viennent ces fichiers ?"),
        choices=RosterImport.Kind.choices,
        widget=forms.RadioSelect,
        error_messages={"required": _("Dites d’où viennent ces fichiers.")},
    )
    documents = ManyFilesField(
        label=_("Fichiers"),
        help_text=_(
            "SIECLE : « ElevesAvecAdresses » et « ResponsablesAvecAdresses », en XML ou en ZIP. ONDE "
            ": le fichier "
            "des élèves et celui des responsables, en CSV. Tableau : un fichier CSV ou XLSX. Vingt "
            "mégaoctets "
            "au plus."
        ),
        error_messages={
            "required": _("Choisissez le ou les fichiers."),
            "empty": _("Un de ces fichiers est vide."),
        },
    )


class MappingForm(forms.Form):
    """Which column of a table holds what, as far as it was guessed."""

    def __init__(self, found: Columns, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._found = found
        for number, header in enumerate(found.headers):
            self.fields[f"column{number}"] = forms.ChoiceField(
                label=header,
                choices=[("", _("Ne pas reprendre")), *found.fields.items()],
                initial=found.guessed.get(header, ""),
                required=False,
            )

    def clean(self) -> dict[str, Any]:
        """Refuse a field that two columns hold, and one that is needed and missing."""
        said = super().clean() or self.cleaned_data
        taken: dict[str, str] = {}
        for name, chosen in list(said.items()):
            if chosen and chosen in taken:
                self.add_error(name, _("Deux colonnes ne peuvent pas contenir la même chose."))
            taken.setdefault(chosen, name)
        missing = [str(self._found.fields[name]) for name in self._found.fields
                   if name in self._found.required and name not in taken]  # fmt: skip
        if missing:
            raise ValidationError(
                _("Il manque encore : %(names)s."), code="missing", params={"names": ", ".join(missing)}
            )
        return said

    @property
    def mapping(self) -> Mapping[str, str]:
        """What each header holds."""
        return {
            header: self.cleaned_data[f"column{number}"] for number, header in enumerate(self._found.headers)
        }


class ConfirmForm(forms.Form):
    """That so many leave is meant."""

    confirmed = forms.BooleanField(
        label=_(
            "J’ai vérifié : toutes ces personnes quittent bien l’établissement, ou ne sont plus responsables."
        ),
        error_messages={"required": _("Cochez la case, ou abandonnez cet import.")},
    )


class LettersForm(forms.Form):
    """For whom letters are, in which language, and how many stand on a page."""

    submission = SubmissionField()
    audience = forms.ChoiceField(
        label=_("Pour qui ?"),
        choices=Audience.choices,
        initial=Audience.PUPIL,
        widget=forms.RadioSelect,
        error_messages={"required": _("Dites pour qui sont les lettres.")},
    )
    divisions = forms.MultipleChoiceField(
        label=_("Quelles classes ?"),
        help_text=_("Aucune case cochée : tout l’établissement."),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": _("Une de ces classes n’existe plus. Choisissez à nouveau.")},
    )
    includes_known = forms.BooleanField(
        label=_("Écrire aussi à ceux qui ont déjà un compte"),
        help_text=_("Leur nouvelle lettre servira à choisir un autre mot de passe."),
        required=False,
    )
    per_page = forms.TypedChoiceField(
        label=_("Combien de lettres par page ?"),
        choices=[
            (1, _("Une : une vraie lettre, à mettre sous enveloppe")),
            (2, _("Deux : une demi-page pour chacun")),
            (8, _("Huit : des cartes à découper")),
        ],
        initial=2,
        coerce=int,
        widget=forms.RadioSelect,
        error_messages={"required": _("Dites combien de lettres tiennent sur une page.")},
    )
    language = forms.ChoiceField(
        label=_("Dans quelle langue ?"),
        initial="fr",
        error_messages={"required": _("Choisissez la langue des lettres.")},
    )

    def __init__(self, divisions: Iterable[Division], *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._divisions = {str(each.public_id): each for each in divisions}
        choices: Any = self.fields
        choices["divisions"].choices = [(key, str(each)) for key, each in self._divisions.items()]
        choices["language"].choices = texts.languages()

    @property
    def chosen(self) -> list[Division]:
        """The classes that were ticked."""
        return [self._divisions[key] for key in self.cleaned_data["divisions"]]


class NewLetterForm(forms.Form):
    """« Nouvelle lettre »: sent twice, it gives one."""

    submission = SubmissionField()
