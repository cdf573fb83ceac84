"""Why a line or a file of a roster is not taken: one sentence for each, for a school secretary."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

REASONS = {
    "uai_other": _("Ce fichier vient d’un autre établissement."),
    "uai_wrong": _("Le code UAI n’est pas juste : sa lettre de contrôle ne correspond pas."),
    "encoding": _("Les caractères de ce fichier ne peuvent pas être lus. Exportez-le à nouveau."),
}
