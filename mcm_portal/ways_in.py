"""Who comes to the ENT, and which door is theirs (SCREENS D1, D2).

Data only: a profile leads to a leaf, and a leaf to a page by the name of its address. Where a profile says
too little of who is there, it leads to a second question first.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

ECOLE, COLLEGE = "ecole", "college"
LEVELS: dict[str, str | Promise] = {ECOLE: _("École"), COLLEGE: _("Collège / Lycée")}


@dataclass(frozen=True)
class Leaf:
    """Where a choice ends: a page by the name of its address, with the rest that the address needs."""

    page: str
    rest: Mapping[str, str] = field(default_factory=dict)

    def address(self) -> str:
        """Return the address of the page."""
        return reverse(self.page, kwargs=dict(self.rest))


@dataclass(frozen=True)
class Waiting:
    """People whose own door is not built yet: what they are told, and what they can do today."""

    title: str | Promise
    today: str | Promise


@dataclass(frozen=True)
class Profile:
    """One answer to « Qui êtes-vous ? »."""

    label: str | Promise
    leaf: Leaf | None  # nothing for whom the second question sorts


GUARDIANS, PUPILS, STAFF = Leaf("guardian_sign_in"), Leaf("pupil_sign_in"), Leaf("ent_staff")

# D1, in the order of the page.
PROFILES: dict[str, Profile] = {
    "eleve": Profile(_("Élève"), PUPILS),
    "responsable": Profile(_("Représentant légal (parents)"), GUARDIANS),
    "personnel": Profile(_("Personnel Education Nationale"), STAFF),
    "agricole": Profile(_("Enseignement agricole (Élève, parent ou personnel)"), None),
    "invite": Profile(_("Personnel collectivité et invité"), Leaf("ent_later", {"who": "invite"})),
}

# D2: asked of those whose profile may be a guardian's, a pupil's or a member of staff's.
ASKED_AGAIN: dict[str, Profile] = {
    "responsable": Profile(_("Responsable d’élève"), GUARDIANS),
    "eleve": Profile(_("Élève"), PUPILS),
    "personnel": Profile(_("Personnel d’un établissement agricole"), STAFF),
}

WAITING: dict[str, Waiting] = {
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
