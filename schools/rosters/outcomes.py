"""Why an import stopped or left something out, beyond what :mod:`schools.rosters.refusals` says of files."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from .refusals import REASONS

OUTCOMES = {
    # The whole import.
    "year_past": _(
        "Ce fichier est d’une année scolaire passée : l’établissement en a déjà donné un plus récent."
    ),
    "year_ahead": _("Ce fichier est d’une année scolaire trop lointaine. Vérifiez-le."),
    "nobody": _("Ce fichier ne contient personne. Rien n’a changé."),
    "disk_full": _(
        "Il n’y avait plus de place pour lire ce fichier. Rien n’a changé. Réessayez plus tard, "
        "ou prévenez l’assistance."
    ),
    "memory_full": _("Ce fichier demande trop de mémoire. Rien n’a changé. Exportez-le à nouveau."),
    "took_too_long": _("Ce fichier demande trop de temps. Rien n’a changé. Prévenez l’assistance."),
    "worker_lost": _(
        "Le travail a été interrompu plusieurs fois avant sa fin. Rien n’a changé. "
        "Déposez le fichier à nouveau."
    ),
    "staging_lost": _(
        "Ce qui avait été lu n’est plus entier. Rien n’a changé. Déposez le fichier à nouveau."
    ),
    "unexpected": _("Ce fichier a mis le portail en défaut. Rien n’a changé. Prévenez l’assistance."),
    "expired": _("Personne n’a appliqué ce fichier en sept jours : il est effacé. Rien n’a changé."),
    # A line, or one field of it.
    "ine_other_child": _(
        "Cet INE est celui d’un autre enfant, d’un autre nom et d’une autre date de naissance. "
        "L’élève est repris sans INE : vérifiez-le."
    ),
    "division_unknown": _("Une de ces classes n’existe pas cette année dans l’établissement."),
}


def sentence(code: str) -> str:
    """Return why, for who handed the file over; the code itself for one that nobody knows any more."""
    return str(REASONS.get(code) or OUTCOMES.get(code) or code)
