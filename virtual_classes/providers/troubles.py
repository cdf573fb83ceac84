"""What is wrong with a provider's server, in a sentence for staff who can mend it."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from .base import Trouble

SENTENCES: dict[str, str | Promise] = {
    # Unavailable
    "silence": _("Le serveur ne répond pas : il est éteint, ou l’adresse ou le certificat n’est pas le bon."),
    "late": _("Le serveur répond trop lentement."),
    "server-error": _("Le serveur répond par une erreur : regardez ses journaux."),
    "redirect": _("Le serveur renvoie vers une autre adresse : écrivez ici l’adresse définitive."),
    "too-long": _("La réponse est beaucoup trop longue : ce n’est sans doute pas l’adresse de l’API."),
    "nonsense": _("La réponse n’est pas celle de BigBlueButton : vérifiez l’adresse de l’API."),
    "full": _("Toutes les places des serveurs sont prises."),
    "down": _("Aucun serveur ne répond en ce moment."),
    # Refused
    "secret": _(
        "Le serveur refuse notre signature : le secret n’est pas le bon, ou SHA-256 n’y est pas permis."
    ),
    "no-such-call": _("Le serveur ne connaît pas cette demande : vérifiez l’adresse de l’API."),
    "recorded": _("Cette salle existe déjà et son enregistrement est permis : elle n’est pas utilisée."),
    "not-open": _("La salle n’est pas ouverte."),
    "full-room": _("La salle est pleine."),
    "refused": _("Le serveur refuse cette demande."),
    "link": _("Le lien n’est pas celui d’une réunion."),
    # NotConfigured
    "no-server": _("Aucun serveur n’est déclaré pour cette académie."),
    "unknown-server": _("Ce serveur n’est plus déclaré."),
    "unknown-provider": _("Ce portail ne connaît pas ce service de classes virtuelles."),
    "unreadable-secret": _(
        "Le secret enregistré ne se lit plus, car la clef du portail a changé : écrivez-le à nouveau."
    ),
    "no-settings": _("Les réglages de ce service manquent."),
}


def sentence(trouble: Trouble) -> str:
    """Return what staff read."""
    return str(SENTENCES[trouble.code])
