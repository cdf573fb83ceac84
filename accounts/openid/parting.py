"""Taking the identity of a provider off an account: it opens it no more (SCREENS C7; SAFETY T31, T42).

By the account's owner, where something else opens it, or by staff (:mod:`accounts.assistance`): for an
identity that somebody else has, or that the académie has replaced by another one. Whoever comes by the same
provider later is looked for anew, by the identifier that schools declare (:func:`.people.member`).
"""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from audit import journal

from .. import correspondence, open_sessions
from ..models import IdentityProvider, ProviderIdentity, User
from ..ways_in import OnlyWay

KIND_PARTED = "accounts.provider_left"

PARTED = journal.register_act("provider.parted", _("Fournisseur d’identité retiré d’un compte"))


def identities_of(user: User) -> list[tuple[ProviderIdentity, str]]:
    """Return by which providers somebody comes, each with its name: two statements, one for who has none."""
    held = list(user.provider_identities.order_by("pk"))
    if not held:
        return []
    rows = IdentityProvider.objects.filter(issuer__in=[each.issuer for each in held]).order_by("-pk")
    names = dict(rows.values_list("issuer", "name"))
    return [(each, names.get(each.issuer, each.issuer)) for each in held]


def is_only_way(user: User) -> bool:
    """Say whether providers alone open this account: there is no password, or nothing to type before it."""
    return not (user.has_usable_password() and (user.sign_in_names.exists() or user.address()))


def part(identity: ProviderIdentity, *, keep: str | None) -> None:
    """Let an identity open its account no more, as its owner asks; twice is once.

    The other sessions end: who came by it may not be who should have. ``keep`` is the key of the session
    where it is asked. Told by letter. Raises :class:`OnlyWay`.
    """
    with transaction.atomic():
        user = User.objects.select_for_update().get(pk=identity.user_id)
        if is_only_way(user):
            raise OnlyWay
        if not ProviderIdentity.objects.filter(pk=identity.pk, user=user).delete()[0]:
            return
        open_sessions.close_all(user, keep=keep)
        journal.record(act=PARTED, actor=user.subject, subject=user.subject)
        correspondence.post(KIND_PARTED, user)
