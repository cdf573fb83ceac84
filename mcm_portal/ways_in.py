"""Who comes to the ENT, and which door is theirs (SCREENS D1, D2).

Data only: a profile leads to a leaf, and a leaf to a page by the name of its address. Where a profile says
too little of who is there, it leads to a second question first.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from . import doors_to_the_ent

ECOLE, COLLEGE = "ecole", "college"
LEVELS: dict[str, str | Promise] = {ECOLE: _("École"), COLLEGE: _("Collège / Lycée")}


@dataclass(frozen=True)
class Leaf:
    """Where a choice ends: a page by the name of its address, with the rest that the address needs."""

    page: str
    rest: Mapping[str, str]
    door: Callable[[], str] | None = None  # of the portal's own, instead of the page once it is there

    def address(self) -> str:
        """Return the address of the page."""
        return (self.door() if self.door else "") or reverse(self.page, kwargs=dict(self.rest))


@dataclass(frozen=True)
class Waiting:
    """People whose own door is not built yet: what they are told, and what they can do today."""

    title: str | Promise
    today: str | Promise
    page: str = ""  # where the button leads; nothing for who has nothing to do here yet
    button: str | Promise = ""


@dataclass(frozen=True)
class Profile:
    """One answer to « Qui êtes-vous ? »."""

    label: str | Promise
    leaf: Leaf | None  # nothing for whom the second question sorts


def _later(who: str) -> Leaf:
    return Leaf("ent_later", {"who": who}, doors_to_the_ent.OF.get(who))


GUARDIANS = Leaf("guardian_sign_in", {})

# D1, in the order of the page.
PROFILES: dict[str, Profile] = {
    "eleve": Profile(_("Élève"), _later("eleve")),
    "responsable": Profile(_("Représentant légal (parents)"), GUARDIANS),
    "personnel": Profile(_("Personnel Education Nationale"), _later("personnel")),
    "agricole": Profile(_("Enseignement agricole (Élève, parent ou personnel)"), None),
    "invite": Profile(_("Personnel collectivité et invité"), _later("invite")),
}

# D2: asked of those whose profile may be a guardian's, a pupil's or a member of staff's.
ASKED_AGAIN: dict[str, Profile] = {
    "responsable": Profile(_("Responsable d’élève"), GUARDIANS),
    "eleve": Profile(_("Élève"), _later("eleve")),
    "personnel": Profile(_("Personnel d’un établissement agricole"), _later("personnel")),
}

WAITING: dict[str, Waiting] = {
    "eleve": Waiting(
        _("L’accès des élèves à l’ENT n’est pas encore ouvert ici"),
        _(
            "Aujourd’hui, tu peux entrer dans tes classes virtuelles avec ton compte « Ma classe à la "
            "maison ». Un parent peut déjà entrer dans l’ENT et y suivre ta scolarité."
        ),
        "account_login",
        _("Entrer avec mon compte « Ma classe à la maison »"),
    ),
    "personnel": Waiting(
        _("L’accès des personnels à l’ENT n’est pas encore ouvert ici"),
        _(
            "Aujourd’hui, vous pouvez entrer avec votre compte « Ma classe à la maison ». Pour l’ENT, passez "
            "comme d’habitude par le site de votre académie ou de votre établissement."
        ),
        "account_login",
        _("Entrer avec mon compte « Ma classe à la maison »"),
    ),
    "invite": Waiting(
        _("L’accès des collectivités et des invités à l’ENT n’est pas encore ouvert ici"),
        _(
            "Aujourd’hui, demandez à l’établissement ou à la collectivité qui vous a donné votre accès par "
            "où passer : rien n’est à faire ici pour le moment."
        ),
    ),
}


def address_of(profile: str, level: str) -> str:
    """Return where a choice leads. Raises ``KeyError`` for a profile that is none."""
    leaf = PROFILES[profile].leaf
    return leaf.address() if leaf else reverse("ent_profile", kwargs={"level": level})
