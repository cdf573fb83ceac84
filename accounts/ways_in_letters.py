"""What people are told of ways into their account, « clé OTP » and académie's sign-in: a thief is noticed.

Registered by :mod:`accounts.letters`.
"""

from __future__ import annotations

from functools import partial

from django.utils.translation import gettext_lazy as _

from . import otp_keys
from .openid import parting
from .staff_letters import Told

_told = partial(
    Told,
    advice=_("C’était vous ? Alors tout va bien. Sinon, choisissez tout de suite un nouveau mot de passe."),
    page="recover",
    page_label=_("Choisir un nouveau mot de passe"),
)

WAYS_IN: dict[str, Told] = {
    otp_keys.KIND_ADDED: _told(
        subject=_("Une clé OTP ouvre désormais votre compte"),
        what=_(
            "À la porte des personnels, un code PIN suivi du code d’un téléphone ouvre désormais le compte "
            "de %(name)s, à la place du mot de passe."
        ),
    ),
    otp_keys.KIND_REMOVED: _told(
        subject=_("Votre clé OTP a été retirée"),
        what=_("La clé OTP de %(name)s n’ouvre plus son compte : le mot de passe suffit de nouveau."),
    ),
    otp_keys.KIND_SPARE_USED: _told(
        subject=_("Un code de secours de votre clé OTP a servi"),
        what=_("Le compte de %(name)s vient d’être ouvert avec un code PIN et un code de secours."),
    ),
    parting.KIND_PARTED: _told(
        subject=_("Le service de connexion de l’académie n’ouvre plus votre compte"),
        what=_("Le compte de %(name)s n’est plus relié au service de connexion par lequel il s’ouvrait."),
    ),
}
