"""Who asks a use case for something, and why it refused, in a sentence for them."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.http import HttpRequest
from django.utils.translation import gettext as _

from accounts import appointments, assistance, registration
from accounts.models import User
from back_office.acts import Refused
from throttling import limits


def asked_by(request: HttpRequest) -> User:
    """Return who is at the browser: somebody, behind the door of the administration."""
    assert isinstance(request.user, User)
    return request.user


@contextmanager
def in_words() -> Iterator[None]:
    """Turn the refusals of the use cases of this app into :class:`back_office.acts.Refused`."""
    try:
        yield
    except limits.Refused as refusal:
        raise Refused(
            _("Cette boîte de réception a déjà reçu beaucoup de nos messages. Réessayez %(wait)s.")
            % {"wait": refusal.wait}
        ) from refusal
    except registration.TooSoon as refusal:
        raise Refused(_("Un courriel vient de partir. Attendez une minute avant le suivant.")) from refusal
    except (registration.AlreadyConfirmed, registration.Gone) as refusal:
        raise Refused(_("Cette inscription n’attend plus : elle est confirmée, ou effacée.")) from refusal
    except registration.AddressTaken as refusal:
        raise Refused(
            _("Un autre compte utilise déjà cette adresse. Corrigez l’adresse de cette inscription d’abord.")
        ) from refusal
    except assistance.HoldersWithoutAddress as refusal:
        raise Refused(
            _(
                "Aucun responsable légal de ce compte d’enfant n’a d’adresse de courriel. L’un d’eux peut "
                "lui donner un nouveau mot de passe depuis « Les comptes de mes enfants »."
            )
        ) from refusal
    except assistance.NobodyHolds as refusal:
        raise Refused(
            _(
                "Personne ne s’occupe de ce compte d’enfant en ce moment. Dans « Liens avec des élèves », "
                "confiez-le à un responsable légal qui a un compte, ou donnez-lui un code d’appairage : il "
                "donnera ensuite un nouveau mot de passe."
            )
        ) from refusal
    except assistance.NoAddress as refusal:
        raise Refused(
            _("Cette personne n’a pas d’adresse de courriel : aucun message ne peut partir.")
        ) from refusal
    except assistance.NoSuchMember as refusal:
        raise Refused(
            _("Aucun établissement de votre académie ne déclare une telle personne parmi son personnel.")
        ) from refusal
    except assistance.AttachedAlready as refusal:
        raise Refused(_("Un autre compte est déjà rattaché à cette fiche de personnel.")) from refusal
    except appointments.WrongPlace as refusal:
        raise Refused(
            _("Un administrateur DANE a une académie ; un administrateur national n’en a pas.")
        ) from refusal
    except appointments.HasItAlready as refusal:
        raise Refused(_("Cette personne a déjà ce rôle.")) from refusal
    except appointments.Suspended as refusal:
        raise Refused(_("Ce compte est suspendu : rétablissez-le d’abord.")) from refusal
    except (assistance.NotAllowed, appointments.NotAllowed) as refusal:
        raise Refused(_("Vous ne pouvez pas faire cela pour cette personne.")) from refusal
