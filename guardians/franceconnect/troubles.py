"""What can come between somebody and FranceConnect, in words that say what to do."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from accounts.openid.troubles import Trouble, Words

WORDS: dict[Trouble, Words] = {
    Trouble.REFUSED: Words(
        _("Vous n’avez pas continué avec FranceConnect"),
        _(
            "C’est votre choix : nous n’avons rien reçu et rien gardé. "
            "Vous pouvez réessayer quand vous voulez."
        ),
    ),
    Trouble.AWAY: Words(
        _("FranceConnect ne répond pas"),
        _(
            "Ce n’est pas votre faute. Le service est en panne ou très lent en ce moment. "
            "Réessayez dans quelques minutes."
        ),
    ),
    Trouble.NONSENSE: Words(
        _("Nous n’avons pas pu vérifier la réponse de FranceConnect"),
        _("Par sécurité, nous n’en avons rien gardé. Réessayez : le plus souvent, cela suffit."),
    ),
    Trouble.EXPIRED: Words(
        _("Cette demande n’est plus valable"),
        _("Elle était ouverte depuis trop longtemps. Recommencez : cela prend une minute."),
    ),
    Trouble.REPLAYED: Words(
        _("Cette page a déjà servi"),
        _(
            "Vous êtes peut-être revenu en arrière, ou la page a été ouverte deux fois. "
            "Rien n’est perdu : recommencez."
        ),
    ),
    Trouble.ELSEWHERE: Words(
        _("Nous ne reconnaissons pas ce navigateur"),
        _(
            "Il faut finir dans le navigateur où vous avez commencé, et il doit accepter les cookies "
            "de ce site. Recommencez ici."
        ),
    ),
    Trouble.TOO_OFTEN: Words(
        _("Trop de demandes à la fois"),
        _("Beaucoup de personnes essaient depuis le même réseau. Réessayez dans une heure."),
    ),
}
