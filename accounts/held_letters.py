"""What is written about accounts held for children: to their holders, and to who has an address by now.

The same three parts as what staff do (:mod:`accounts.staff_letters`); each names the child, and never who
else holds the account. Registered by :mod:`accounts.letters`.
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from . import custody
from .staff_letters import Told

HELD: dict[str, Told] = {
    custody.KIND_PASSWORD: Told(
        subject=_("Un nouveau mot de passe a été donné"),
        what=_(
            "Un responsable légal de %(name)s a donné un nouveau mot de passe à son compte. Les appareils "
            "connectés ont été déconnectés."
        ),
        advice=_(
            "Cela vous étonne ? Vous pouvez en choisir un autre, et en parler au secrétariat de l’école."
        ),
        page="recover",
        page_label=_("Choisir un nouveau mot de passe"),
    ),
    custody.KIND_ADDRESS: Told(
        subject=_("Un compte d’enfant a maintenant sa propre adresse"),
        what=_(
            "Le compte de %(name)s a maintenant sa propre adresse de courriel. Nos messages y partent "
            "désormais, et non plus à vous."
        ),
        advice=_(
            "Vous n’avez rien à faire. Vous pouvez toujours voir ce compte dans "
            "« Les comptes de mes enfants »."
        ),
    ),
    custody.KIND_FIFTEEN: Told(
        subject=_("À 15 ans, des droits changent de main"),
        what=_(
            "%(name)s a 15 ans. Dès maintenant, son accord aux chartes et aux conditions lui revient. Un "
            "responsable légal peut encore donner un nouveau mot de passe, mais le titulaire du compte en "
            "est averti."
        ),
        advice=_("Vous n’avez rien à faire."),
    ),
    custody.KIND_EIGHTEEN: Told(
        subject=_("À 18 ans, un compte revient à son titulaire"),
        what=_(
            "%(name)s a 18 ans. Ses responsables légaux ne s’occupent plus de son compte, et nos messages "
            "ne leur parviennent plus."
        ),
        advice=_("À la prochaine connexion, une adresse de courriel personnelle sera demandée au titulaire."),
    ),
}
