"""What people are told of the acts of staff: one letter in three parts, its words per act.

Registered by :mod:`accounts.letters`. The reason that staff gave stays in the journal.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from . import appointments, assistance, local_admins, sessions

Words = str | Promise


@dataclass(frozen=True)
class Told:
    """The words of one letter: ``what`` may name the person (``%(name)s``), ``page`` is its link."""

    subject: Words
    what: Words
    advice: Words
    page: str = ""
    page_label: Words = ""


_NOT_YOU = _(
    "Vous n’y êtes pour rien, ou vous ne savez pas pourquoi ? Choisissez un nouveau mot de passe, "
    "et écrivez au contact indiqué au bas de ce message."
)
_WRITE = _(
    "Pour en connaître la raison, ou pour la contester, écrivez au contact indiqué au bas de ce message."
)

TOLD: dict[str, Told] = {
    assistance.KIND_CONFIRMED: Told(
        subject=_("Votre inscription est confirmée"),
        what=_(
            "L’assistance de votre académie a confirmé l’inscription de %(name)s à « Ma classe à la maison » "
            "avec cette adresse, à la demande de la famille."
        ),
        advice=_(
            "Vous pouvez vous connecter avec le mot de passe choisi à l’inscription. Vous n’avez rien "
            "demandé ? Écrivez au contact indiqué au bas de ce message."
        ),
        page="account_login",
        page_label=_("Se connecter"),
    ),
    assistance.KIND_SESSIONS_ENDED: Told(
        subject=_("Tous vos appareils ont été déconnectés"),
        what=_("L’assistance de votre académie a fermé toutes les connexions ouvertes de %(name)s."),
        advice=_NOT_YOU,
        page="recover",
        page_label=_("Choisir un nouveau mot de passe"),
    ),
    assistance.KIND_FACTOR_REMOVED: Told(
        subject=_("Votre second facteur a été retiré"),
        what=_(
            "L’assistance a retiré le second facteur du compte de %(name)s. Le mot de passe suffit "
            "maintenant pour se connecter."
        ),
        advice=_NOT_YOU,
        page="recover",
        page_label=_("Choisir un nouveau mot de passe"),
    ),
    assistance.KIND_SUSPENDED: Told(
        subject=_("Votre compte est suspendu"),
        what=_(
            "Le compte de %(name)s est suspendu : il ne peut plus servir à se connecter. Rien n’est effacé."
        ),
        advice=_WRITE,
    ),
    assistance.KIND_RESTORED: Told(
        subject=_("Votre compte est rétabli"),
        what=_("Le compte de %(name)s est rétabli."),
        advice=_("Vous pouvez de nouveau vous connecter."),
        page="account_login",
        page_label=_("Se connecter"),
    ),
    assistance.KIND_ATTACHED: Told(
        subject=_("Votre compte est rattaché à votre établissement"),
        what=_(
            "Votre académie a rattaché le compte de %(name)s à une fiche du personnel d’un établissement."
        ),
        advice=_(
            "Si vous le dirigez, « Mon espace » vous permet maintenant de déposer ses fichiers. Si ce n’est "
            "pas vous, écrivez au contact indiqué au bas de ce message."
        ),
        page="my_space",
        page_label=_("Ouvrir mon espace"),
    ),
    local_admins.KIND_CHANGED: Told(
        subject=_("Ce que vous pouvez faire pour votre établissement a changé"),
        what=_(
            "Le chef d’établissement, ou le directeur, a changé ce que %(name)s peut faire pour "
            "l’établissement : lettres, élèves, demandes des familles."
        ),
        advice=_("Vous le trouvez dans « Mon espace », à « Mon établissement »."),
        page="my_space",
        page_label=_("Ouvrir mon espace"),
    ),
    sessions.KIND_NEW_DEVICE: Told(
        subject=_("Votre compte a été ouvert sur un nouvel appareil"),
        what=_(
            "Le compte de %(name)s vient d’être ouvert sur un appareil ou dans un navigateur que nous ne "
            "connaissions pas pour ce compte."
        ),
        advice=_(
            "C’est bien vous ? Vous n’avez rien à faire. Sinon, fermez cette connexion à « Les appareils "
            "connectés », puis choisissez un nouveau mot de passe."
        ),
        page="account_sessions",
        page_label=_("Voir les appareils connectés"),
    ),
    assistance.KIND_DETACHED: Told(
        subject=_("Votre compte n’est plus rattaché à un établissement"),
        what=_("Le compte de %(name)s n’est plus rattaché à une fiche du personnel d’un établissement."),
        advice=_WRITE,
    ),
    appointments.KIND_GIVEN: Told(
        subject=_("Vous avez un rôle dans l’administration"),
        what=_("Un rôle dans l’administration de « Ma classe à la maison » a été donné à %(name)s."),
        advice=_(
            "À la prochaine connexion, un second facteur vous sera demandé. Si vous ne savez pas pourquoi, "
            "écrivez au contact indiqué au bas de ce message."
        ),
        page="account_login",
        page_label=_("Se connecter"),
    ),
    appointments.KIND_TAKEN: Told(
        subject=_("Un rôle vous a été retiré"),
        what=_("Un rôle de %(name)s dans l’administration de « Ma classe à la maison » a été retiré."),
        advice=_WRITE,
    ),
}
