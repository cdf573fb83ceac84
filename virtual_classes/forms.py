"""What people type about classes: cleaned, refused with a kind sentence."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.exceptions import ValidationError
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.addresses import clean_address
from accounts.forms import SubmissionField, offer
from schools import person_names
from schools.models import Division, School, Student
from schools.school_year import SchoolYear
from support.forms import TextField

from . import providers
from .clock import zone_of
from .inviting import MOST_AT_ONCE
from .models import ClassRules, Degree, Mode, Parents, VirtualClass
from .models.classes import LONGEST_BEFORE, MOST_SEATS, USUAL_SEATS
from .providers.link import clean_link
from .scheduling import Wanted
from .teaching import Choices, Teaching

LASTING = (15, 30, 45, 55, 60, 90, 120, 180)  # minutes
USER_NAME = re.compile(r"[a-z][a-z0-9._-]{2,29}")


def clean_title(raw: str) -> str:
    """Return a title as it is kept: one line, without what cannot be seen. Raises ``ValidationError``."""
    text = unicodedata.normalize("NFC", raw[:1_000])
    if any(unicodedata.category(sign)[0] == "C" for sign in text.strip()):
        raise ValidationError(_("Le nom contient un caractère invisible. Effacez-le et tapez-le de nouveau."))
    title = " ".join(text.split())
    if not title:
        raise ValidationError(_("Donnez un nom à la classe, par exemple « Français 6 A »."))
    if len(title) > 100:
        raise ValidationError(_("Ce nom est trop long : 100 caractères au plus."))
    return title


class HoursForm(forms.Form):
    """When a session is held, by the clock of the school."""

    day = forms.DateField(
        label=_("Jour"),
        input_formats=["%Y-%m-%d", "%d/%m/%Y", "%d/%m/%y", "%d.%m.%Y"],
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        error_messages={
            "required": _("Choisissez le jour."),
            "invalid": _("Écrivez le jour comme 27/11/2026."),
        },
    )
    starts = forms.TimeField(
        label=_("Heure de début"),
        input_formats=["%H:%M", "%H:%M:%S", "%Hh%M", "%H h %M", "%Hh", "%H h", "%H"],
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        error_messages={
            "required": _("Choisissez l’heure de début."),
            "invalid": _("Écrivez l’heure comme 8:00."),
        },
    )
    lasts = forms.TypedChoiceField(
        label=_("Durée"),
        choices=[(minutes, _("%(minutes)s minutes") % {"minutes": minutes}) for minutes in LASTING],
        coerce=int,
    )

    def __init__(self, *args: Any, zone: ZoneInfo, **kwargs: Any) -> None:
        self.zone = zone
        super().__init__(*args, **kwargs)
        now = timezone.now().astimezone(zone)
        soon = now.replace(second=0, microsecond=0) + timedelta(minutes=-now.minute % 5)
        self.initial.setdefault("day", f"{soon:%Y-%m-%d}")
        self.initial.setdefault("starts", f"{soon:%H:%M}")
        self.initial.setdefault("lasts", 55)

    def clean(self) -> dict[str, Any]:
        """Put day and hour together; with the button « maintenant » the hour is this one."""
        cleaned = super().clean() or self.cleaned_data
        now = timezone.now().astimezone(self.zone).replace(second=0, microsecond=0)
        day, starts, lasts = cleaned.get("day"), cleaned.get("starts"), cleaned.get("lasts")
        if "now" in self.data:
            for name in ("day", "starts"):
                self.errors.pop(name, None)
            cleaned["starts_at"] = now
        elif isinstance(day, date) and isinstance(starts, time):
            cleaned["starts_at"] = datetime.combine(day, starts, tzinfo=self.zone)
        if lasts:
            cleaned["length"] = timedelta(minutes=lasts)
        if starts_at := cleaned.get("starts_at"):
            self._judge(starts_at, cleaned.get("length") or timedelta(), now)
        return cleaned

    def _judge(self, starts_at: datetime, lasts: timedelta, now: datetime) -> None:
        if starts_at + lasts <= now:
            self.add_error("starts", _("Cette heure est passée. Choisissez-en une à venir."))
        if starts_at.date() > SchoolYear.current().end:
            self.add_error("day", _("Ce jour est dans une autre année scolaire."))


class SettingsForm(forms.Form):
    """How a class is entered."""

    title = forms.CharField(
        label=_("Nom de la classe"),
        help_text=_("Par exemple « Français 6 A ». Vos élèves le voient."),
        max_length=1_000,
        error_messages={"required": _("Donnez un nom à la classe, par exemple « Français 6 A ».")},
    )
    mode = forms.ChoiceField(label=_("Comment les élèves entrent"), widget=forms.RadioSelect)
    has_lobby = forms.BooleanField(
        label=_("Tout le monde attend à la porte"),
        help_text=_(
            "Vous faites entrer chacun, ou toute la liste d’un coup. Sans cette case, les élèves attendus "
            "qui ont un compte entrent seuls ; les autres attendent toujours."
        ),
        required=False,
        initial=True,
    )
    parents = forms.ChoiceField(label=_("Les parents"), choices=Parents.choices, initial=Parents.WAITING)
    capacity = forms.IntegerField(
        label=_("Places"),
        min_value=1,
        max_value=MOST_SEATS,
        initial=USUAL_SEATS,
        error_messages={
            "required": _("Écrivez un nombre de places."),
            "invalid": _("Écrivez un nombre."),
            "min_value": _("Il faut au moins une place."),
            "max_value": _("Une classe a 300 places au plus."),
        },
    )
    opens_before = forms.IntegerField(
        label=_("La porte ouvre combien de minutes avant l’heure"),
        min_value=0,
        max_value=LONGEST_BEFORE,
        initial=10,
        error_messages={
            "required": _("Écrivez un nombre de minutes, 0 pour l’heure juste."),
            "invalid": _("Écrivez un nombre de minutes."),
            "min_value": _("Écrivez un nombre de minutes, 0 pour l’heure juste."),
            "max_value": _("Une heure avant au plus."),
        },
    )
    provider = forms.ChoiceField(label=_("Salle"), required=False)
    pasted_link = forms.CharField(
        label=_("Lien de la salle"),
        help_text=_("Seulement pour une salle que vous avez ailleurs. Il commence par https://"),
        max_length=500,
        required=False,
    )

    def __init__(self, *args: Any, teaches: Teaching, degree: Degree | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.teaches = teaches
        self.usual = degree or teaches.degrees[0]
        modes = [mode for each in teaches.degrees for mode in teaches.choices(each).modes]
        offer(self, "mode", [(mode.value, mode.label) for mode in dict.fromkeys(modes)])
        self.initial.setdefault("mode", teaches.choices(self.usual).modes[0])
        offer(
            self,
            "provider",
            [(each.code, each.label) for each in providers.available(teaches.academy.code)],
        )
        self.fields["mode"].required = len(set(modes)) > 1

    def clean_title(self) -> str:
        """Refuse what is no title."""
        return clean_title(self.cleaned_data["title"])

    def clean(self) -> dict[str, Any]:
        """Fill in what was not asked; hold the room and its link together."""
        cleaned = super().clean() or self.cleaned_data
        cleaned["mode"] = cleaned.get("mode") or self.initial["mode"]
        rooms = providers.available(self.teaches.academy.code)
        cleaned["provider"] = cleaned.get("provider") or (rooms[0].code if rooms else "")
        link = (cleaned.get("pasted_link") or "").strip()
        if cleaned["provider"] == "link" and not link:
            self.add_error("pasted_link", _("Collez le lien de la salle, ou choisissez une autre salle."))
        if link:
            try:
                link = clean_link(link)
            except ValidationError as refusal:
                self.add_error("pasted_link", refusal)
        cleaned["pasted_link"] = link
        return cleaned

    def wanted(
        self, *, degree: Degree, division: Division | None = None, school: School | None = None
    ) -> Wanted:
        """Return the class as it was asked for."""
        said = self.cleaned_data
        return Wanted(
            title=said["title"],
            degree=degree,
            mode=Mode(said["mode"]),
            provider=said["provider"],
            school=school,
            division=division,
            capacity=said["capacity"],
            opens_before=said["opens_before"],
            has_lobby=said["has_lobby"],
            parents=Parents(said["parents"]),
            pasted_link=said["pasted_link"],
        )


@dataclass(frozen=True)
class Audience:
    """For whom a class may be made: a division, or the pupils that its teacher invites."""

    label: str
    place: Teaching
    division: Division | None


def _audiences(places: Sequence[Teaching]) -> dict[str, Audience]:
    """Return for whom a teacher may make a class, by what the form sends; the divisions first."""
    found: dict[str, Audience] = {}
    for place in places:
        left = place.choices(place.degrees[0])
        if left.of_a_division:
            found |= {str(each.public_id): Audience(str(each), place, each) for each in place.divisions}
    for place in places:
        if place.choices(place.degrees[0]).of_a_teacher:
            key = place.school.uai if place.school and len(places) > 1 else ""
            found[key] = Audience(str(_("Mes élèves, que j’invite")), place, None)
    return found


class NewClassForm(SettingsForm, HoursForm):
    """« Nouvelle classe virtuelle »: what was filled in beforehand is good enough at 7:55.

    Who teaches at several schools says with the same answer for whom, and for which school, the class is.
    """

    submission = SubmissionField()
    degree = forms.ChoiceField(label=_("Pour quel degré"), choices=Degree.choices, required=False)
    division = forms.ChoiceField(
        label=_("Pour qui"),
        required=False,
        error_messages={"required": _("Choisissez pour qui, et dans quel établissement.")},
    )
    field_order = ["title", "degree", "division", "day", "starts", "lasts", "mode"]

    def __init__(self, *args: Any, places: Sequence[Teaching], **kwargs: Any) -> None:
        super().__init__(*args, teaches=places[0], zone=zone_of(places[0].academy.code), **kwargs)
        self.several = len(places) > 1
        self.audiences = _audiences(places)
        self._ask_for_whom()
        if self.several:
            self._offer_what_any_of(places)
        if len(self.teaches.degrees) == 1:
            del self.fields["degree"]

    def _ask_for_whom(self) -> None:
        if list(self.audiences) in ([], [""]):
            del self.fields["division"]
            return
        offered = [
            (key, f"{each.label} – {each.place.school}" if self.several else each.label)
            for key, each in self.audiences.items()
        ]
        offer(self, "division", offered)
        self.initial.setdefault("division", offered[0][0])
        if self.several:
            self.fields["division"].label = _("Pour qui, et dans quel établissement")
            self.fields["division"].required = True

    def _offer_what_any_of(self, places: Sequence[Teaching]) -> None:
        """Offer the ways in and the rooms of all places; those of the one that is chosen count."""
        modes = [mode for each in places for mode in each.choices(each.degrees[0]).modes]
        offer(self, "mode", [(mode.value, mode.label) for mode in dict.fromkeys(modes)])
        self.fields["mode"].required = len(set(modes)) > 1
        rooms = {room.code: room.label for each in places for room in providers.available(each.academy.code)}
        offer(self, "provider", list(rooms.items()))

    def clean(self) -> dict[str, Any]:
        """Find for whom the class is, and judge the rest by that place: its clock, its rules, its rooms."""
        audience = self.audiences.get(self.cleaned_data.get("division") or "")
        if audience is not None:
            self.teaches = audience.place
            self.usual = audience.place.degrees[0]
            self.zone = zone_of(audience.place.academy.code)
        cleaned = super().clean()
        cleaned["division"] = audience and audience.division
        cleaned["school"] = self.teaches.school
        cleaned["degree"] = Degree(cleaned.get("degree") or self.usual)
        if cleaned.get("mode") not in self.teaches.choices(cleaned["degree"]).modes:
            self.add_error(
                "mode",
                _("Cet établissement ne permet pas cette entrée. Choisissez l’autre.")
                if self.several
                else _("Votre académie ne permet pas cette entrée à ce degré."),
            )
        rooms = [each.code for each in providers.available(self.teaches.academy.code)]
        if self.several and cleaned["provider"] not in rooms:
            self.add_error("provider", _("Cet établissement n’a pas cette salle. Prenez-en une autre."))
        return cleaned


class SessionForm(HoursForm):
    """« Ajouter une séance »."""

    submission = SubmissionField()


class InviteForm(forms.Form):
    """« Inviter »: one line for each person, an address or a user name."""

    people = forms.CharField(
        label=_("Adresses de courriel ou noms d’utilisateur"),
        help_text=_(
            "Un par ligne. Une adresse reçoit le lien par courriel ; un nom d’utilisateur, comme lea.moreau, "
            "trouve la classe dans « Mon espace »."
        ),
        widget=forms.Textarea(attrs={"rows": 6}),
        max_length=20_000,
        required=False,
    )

    def __init__(self, *args: Any, pupils: dict[str, list[Student]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.offered = pupils
        ticked = set(self.data.getlist("pupil")) if isinstance(self.data, QueryDict) else set()
        everyone = {each.pk: each for pupils_of in pupils.values() for each in pupils_of}
        self.ticked = {key: each for key, each in everyone.items() if str(each.public_id) in ticked}

    def clean(self) -> dict[str, Any]:
        """Sort the lines into names and addresses, and say which are neither."""
        cleaned = super().clean() or self.cleaned_data
        words = [word for word in re.split(r"[\s,;]+", cleaned.get("people") or "") if word]
        names, addresses, wrong = [], [], []
        for word in words:
            if "@" in word:
                try:
                    addresses.append(clean_address(word.strip("<>")))
                except ValidationError:
                    wrong.append(word)
            elif USER_NAME.fullmatch(word.lower()):
                names.append(word.lower())
            else:
                wrong.append(word)
        if wrong:
            self.add_error(
                "people",
                ValidationError(
                    _("À corriger : %(words)s. Écrivez une adresse ou un nom d’utilisateur par ligne."),
                    params={"words": ", ".join(word[:60] for word in wrong[:5])},
                ),
            )
        if len(names) + len(addresses) > MOST_AT_ONCE:
            self.add_error("people", _("Soixante personnes à la fois, au plus : faites deux envois."))
        if not (words or self.ticked):
            self.add_error(
                "people", _("Écrivez au moins une adresse ou un nom d’utilisateur, ou cochez un élève.")
            )
        cleaned["names"], cleaned["addresses"] = names, addresses
        cleaned["pupils"] = list(self.ticked.values())
        return cleaned


class KnockForm(forms.Form):
    """The name of who has no account."""

    name = forms.CharField(
        label=_("Ton prénom et ton nom"),
        help_text=_("Comme l’enseignant te connaît. Il verra que ce nom n’est pas vérifié."),
        max_length=400,
        error_messages={"required": _("Écris ton prénom et ton nom.")},
    )

    def clean_name(self) -> str:
        """Refuse what is no name: signs, markup, other scripts, what cannot be seen (SAFETY T30, T46)."""
        return person_names.clean_name(self.cleaned_data["name"])


class NotesForm(forms.Form):
    """« Ce qui a été fait »."""

    notes = TextField(label=_("Ce qui a été fait, le travail donné"), required=False)


class SchoolRulesForm(forms.Form):
    """What a head lets the teachers of the school choose, of what the académie allows."""

    by_account = forms.BooleanField(
        label=_("Par compte : seulement les personnes identifiées"), required=False
    )
    by_link = forms.BooleanField(
        label=_("Par lien : un élève n’a pas besoin de compte"),
        help_text=_("Le nom qu’un élève écrit n’est pas vérifié : l’enseignant décide qui entre."),
        required=False,
    )
    of_a_division = forms.BooleanField(
        label=_("Une classe virtuelle pour une classe de l’établissement"),
        help_text=_("Tous les enseignants de la classe y tiennent leurs séances."),
        required=False,
    )
    of_a_teacher = forms.BooleanField(
        label=_("Une classe virtuelle d’un enseignant, pour les élèves qu’il invite"), required=False
    )

    def __init__(self, *args: Any, allowed: Choices, now: Choices, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial = _as_boxes(now)
        for name, is_allowed in _as_boxes(allowed).items():
            if not is_allowed:
                del self.fields[name]

    def clean(self) -> dict[str, Any]:
        """Refuse a rule that leaves nothing."""
        said = super().clean() or self.cleaned_data
        for names, words in (
            (("by_account", "by_link"), _("Laissez au moins une entrée : par lien ou par compte.")),
            (("of_a_division", "of_a_teacher"), _("Laissez au moins une sorte de classe virtuelle.")),
        ):
            offered = [name for name in names if name in self.fields]
            if not any(said.get(name) for name in offered):
                self.add_error(offered[0], words)
        return said

    def decided(self, before: ClassRules | None) -> dict[str, bool]:
        """Return the rule; what the académie does not allow now stays as it was decided, else closed."""
        names = ("by_link", "by_account", "of_a_teacher", "of_a_division")
        kept = {name: bool(before and getattr(before, name)) for name in names}
        return {name: bool(self.cleaned_data.get(name, kept[name])) for name in names}


def _as_boxes(choices: Choices) -> dict[str, bool]:
    return {
        "by_link": Mode.LINK in choices.modes,
        "by_account": Mode.ACCOUNT in choices.modes,
        "of_a_teacher": choices.of_a_teacher,
        "of_a_division": choices.of_a_division,
    }


def settings_of(virtual_class: VirtualClass) -> dict[str, Any]:
    """Return a class as its form begins with."""
    names = ("title", "mode", "has_lobby", "parents", "capacity", "opens_before", "provider", "pasted_link")
    return {name: getattr(virtual_class, name) for name in names}
