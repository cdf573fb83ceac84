"""Why letters were not made, in words for who asked for them."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

WHY: dict[str, str | Promise] = {
    "worker_lost": _("Le travail a été interrompu plusieurs fois. Demandez les lettres à nouveau."),
    "unprintable": _("Les pages n’ont pas pu être mises en forme. Prévenez l’assistance."),
    "nobody": _("Plus personne n’attendait de lettre."),
    "files_lost": _("Le contenu des lettres n’est plus lisible. Demandez-les à nouveau."),
    "unexpected": _("Une erreur est survenue. Demandez les lettres à nouveau."),
}


def sentence(code: str) -> str:
    """Return the sentence for a reason."""
    return str(WHY.get(code, WHY["unexpected"]))
