"""From what a provider proved to a person here (SAFETY T42).

Who has come before is known by ``(issuer, sub)``, and by nothing else. Who comes for the first time is a
member of the staff of the provider's own académie, by the identifier that schools declare: never by an
address, and never somebody whom another identity of the same provider has come as.
"""

from __future__ import annotations

from allauth.account.stages import LoginStageController
from allauth.mfa.stages import AuthenticateStage
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from audit import journal
from schools.models import Academy, StaffMember

from ..models import IdentityProvider, ProviderIdentity, User
from .exchange import Said

TIED = journal.register_act("provider.tied", _("Compte relié à un fournisseur d’identité"))
LONGEST_IDENTIFIER = 60


class Unknown(Exception):
    """Nobody here is this, for certain; why is nobody's business but the journal's of the server."""


def authority_of(academy: Academy) -> str:
    """Return the authority whose names are the academic identifiers of an académie."""
    return f"academie:{academy.code}"


def known(provider: IdentityProvider, said: Said) -> User | None:
    """Return who has come as this identity before. Raises :class:`Unknown` for a closed account."""
    tie = (
        ProviderIdentity.objects.select_related("user")
        .filter(issuer=provider.issuer, sub=said.proof["sub"])
        .first()
    )
    if tie is None:
        return None
    if not tie.user.is_active:
        raise Unknown("closed")
    return tie.user


def member(provider: IdentityProvider, said: Said) -> StaffMember:
    """Return the record of who comes for the first time: one person of the provider's académie, with access.

    Somebody who works at two schools has two records under one identifier: the one with an account, else the
    older. Raises :class:`Unknown` where there is none, where the records name two people, where the account
    is closed, and where another identity of this provider has come as them.
    """
    identifier = said.proof.get(provider.claim, said.userinfo.get(provider.claim))
    if not isinstance(identifier, str) or not identifier.isprintable():
        raise Unknown("claim")
    if not 0 < len(identifier.strip()) <= LONGEST_IDENTIFIER:
        raise Unknown("claim")
    wanted = identifier.strip()
    records = list(
        StaffMember.objects.with_access()
        .filter(identifier__in={wanted, wanted.lower(), wanted.upper()}, school__academy=provider.academy)
        .select_related("account")
        .order_by("pk")[:20]
    )
    if not records:
        raise Unknown("nobody")
    if len({each.identity_key for each in records}) > 1:
        raise Unknown("two-people")
    accounts = [(each, account) for each in records if (account := _account_of(each)) is not None]
    if len({account.pk for _record, account in accounts}) > 1:
        raise Unknown("two-accounts")
    for record, account in accounts:
        if not account.is_active:
            raise Unknown("closed")
        if ProviderIdentity.objects.filter(user=account, issuer=provider.issuer).exists():
            raise Unknown("another-identity")
        return record
    return records[0]


def tie(request: HttpRequest, provider: IdentityProvider, said: Said, record: StaffMember) -> None:
    """Remember whose identity it is, once the first sign-in has opened the account of a record.

    Also of an account that waits for its second factor. An account that was not opened just now, or that is
    no longer of this identifier in this académie, is tied to nothing.
    """
    user = _who_is_let_in(request)
    own = user.staff_member if user is not None else None
    if user is None or own is None or own.identifier.lower() != record.identifier.lower():
        return
    if own.school.academy_id != provider.academy_id:
        return
    try:
        with transaction.atomic():
            ProviderIdentity.objects.create(user=user, issuer=provider.issuer, sub=said.proof["sub"])
            journal.record(
                act=TIED,
                actor=user.subject,
                subject=user.subject,
                academy=provider.academy.code,
            )
    except IntegrityError:
        pass  # another tab was first


def _who_is_let_in(request: HttpRequest) -> User | None:
    if isinstance(request.user, User):
        return request.user
    stage = LoginStageController.enter(request, AuthenticateStage.key)
    waits = stage.login.user if stage else None
    return waits if isinstance(waits, User) else None


def _account_of(record: StaffMember) -> User | None:
    account: User | None = getattr(record, "account", None)
    return account
