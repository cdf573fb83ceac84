"""From what a provider proved to a person here (SAFETY T42).

Who has come before is known by ``(issuer, sub)``, and by nothing else. Who comes for the first time is a
member of the staff of the provider's own académie, by the identifier that schools declare: never by an
address, and never somebody whom another identity of the same provider has come as.
"""

from __future__ import annotations

from allauth.account.stages import LoginStageController
from allauth.mfa.stages import AuthenticateStage
from django.db import IntegrityError, transaction
from django.db.models import Q
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from audit import journal
from schools.models import Academy, StaffMember
from schools.person_names import comparison_key

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
    older. Raises :class:`Unknown` where there is none, where the records, or the account that the identifier
    opens already, name two people, where that account is closed, and where another identity of this provider
    has come as them.
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
        .order_by("pk")[:20]
    )
    if not records:
        raise Unknown("nobody")
    if len({each.identity_key for each in records}) > 1:
        raise Unknown("two-people")
    accounts = _accounts_of(records, authority_of(provider.academy), wanted.lower())
    if len(accounts) > 1:
        raise Unknown("two-accounts")
    for account in accounts:
        if not account.is_active:
            raise Unknown("closed")
        if not _is_named(account, records[0]):
            raise Unknown("two-people")
        if ProviderIdentity.objects.filter(user=account, issuer=provider.issuer).exists():
            raise Unknown("another-identity")
        return next((each for each in records if each.pk == account.staff_member_id), records[0])
    return records[0]


def _accounts_of(records: list[StaffMember], authority: str, name: str) -> list[User]:
    """Return the accounts that the first sign-in of one of these records would open, by record or by name.

    An identifier that a colleague left behind still leads to their account.
    """
    found = User.objects.found_by(
        Q(staff_member__in=records),
        Q(other_posts__staff_member__in=records),
        Q(sign_in_names__authority=authority, sign_in_names__name=name),
    )
    return list(found.select_related("staff_member").order_by("pk")[:2])


def _is_named(account: User, record: StaffMember) -> bool:
    """Say whether an account is of the person of a record: by its own record, else by its owner's names."""
    if account.staff_member is not None:
        return account.staff_member.identity_key == record.identity_key
    said, wanted = (account.first_name, account.last_name), (record.first_name, record.family_name)
    return [comparison_key(each) for each in said] == [comparison_key(each) for each in wanted]


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
