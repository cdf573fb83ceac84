"""Why a message is late or lost, in words a parent understands.

``last_error`` holds a code and never what a server said, since that may quote an address:
``550 5.1.1`` (SMTP reply and enhanced status, RFC 3463), ``http-503``, or one of the words below.
"""

from __future__ import annotations

import re
from datetime import datetime

from django.utils import formats, timezone
from django.utils.translation import gettext

_ENHANCED = re.compile(r"[245]\.\d{1,3}\.\d{1,3}(?!\S)")


def smtp_code(code: int, text: bytes | str) -> str:
    """Return ``550 5.1.1`` out of a reply: its number, and its enhanced status when it has one."""
    said = text.decode("ascii", "replace") if isinstance(text, bytes) else text
    enhanced = _ENHANCED.match(said)
    return f"{code} {enhanced[0]}" if enhanced else str(code)


def in_words(code: str, *, given_up: bool = False) -> str:
    """Return one or two French sentences for a code of ``last_error``; empty for no code.

    Someone reads them who wants to know what to do: correct the address, wait, or nothing.
    ``given_up``: the message will not be tried again.
    """
    if not code:
        return ""
    number, _, enhanced = code.partition(" ")
    detail = enhanced[2:]
    if given_up and code == "silence":
        return gettext("Nous ne savons pas s’il est arrivé.")
    if code in ("render", "interrupted"):
        return gettext("Une erreur de notre part empêche ce message de partir. Nous sommes prévenus.")
    if code == "number":
        return gettext("Ce numéro ne peut pas recevoir de SMS. Vérifiez-le.")
    if given_up and not number.startswith("5"):
        return gettext("Nous avons essayé pendant deux jours.")
    if not number.isdigit():  # the gateway, its time-outs, its sender, its password
        return gettext("Notre service d’envoi est momentanément indisponible. Vous n’avez rien à faire.")
    if detail == "2.2" or (number in ("552", "452") and not detail):
        return gettext("Cette boîte de réception est pleine.")
    if detail == "2.1":
        return gettext("Cette boîte de réception est désactivée.")
    if number.startswith("4"):
        return gettext("Le serveur de cette adresse nous demande d’attendre. Vous n’avez rien à faire.")
    if detail == "1.2":
        return gettext("La fin de cette adresse, après le signe @, n’existe pas. Vérifiez-la.")
    if detail.startswith("1.") or (number in ("550", "501", "551", "553") and not detail):
        return gettext("Cette adresse n’existe pas, ou n’accepte pas nos messages. Vérifiez-la.")
    return gettext("Le serveur de cette adresse refuse notre message.")


def situation_in_words(situation: str, code: str, sent_at: datetime | None) -> str:
    """Return the sentence of « Vérifiez vos messages » for a message's situation (SCREENS A5)."""
    if situation == "sent" and sent_at is not None:
        moment = timezone.localtime(sent_at)
        hour = formats.date_format(moment, "G\u00a0\\h\u00a0i")
        if moment.date() == timezone.localdate():
            return gettext("Le message est parti à %(hour)s.") % {"hour": hour}
        day = formats.date_format(moment, "j\u00a0F")
        return gettext("Le message est parti le %(day)s à %(hour)s.") % {"day": day, "hour": hour}
    if situation == "retrying":
        return gettext("Le message n’est pas encore parti. %(reason)s Nous réessayons.") % {
            "reason": in_words(code)
        }
    if situation == "dead":
        return gettext("Le message n’a pas pu être remis. %(reason)s") % {
            "reason": in_words(code, given_up=True)
        }
    if situation in ("void", "withdrawn"):
        return gettext("Le message a été annulé.")
    return gettext("Le message va partir.")
