"""The letters of this app, written when they are sent: their links exist nowhere before.

Discovered by ``notifications``. Texts stand in ``templates/accounts/letters/``.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import structlog
from allauth.account.models import EmailAddress
from django.conf import settings
from django.db.models import Exists, OuterRef
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext_lazy as _

from notifications import letters as notification_letters
from notifications.letters import Context, Letter, NothingToSend
from throttling import limits

from . import (
    address_change,
    correspondence,
    doors,
    links,
    merging,
    passkeys,
    recovery,
    registration,
    second_factor,
    sms_codes,
    sms_numbers,
    standing,
)
from .held_letters import HELD
from .models import (
    PUPILS,
    AddressChange,
    Merge,
    RecoveryRequest,
    Registration,
    SignInName,
    SmsNumber,
    User,
    is_staff_door,
)
from .staff_letters import TOLD
from .ways_in_letters import WAYS_IN

logger = structlog.get_logger(__name__)
DAY = timedelta(days=1)
SMS_BUDGET = 50_000  # SMS a day for the whole portal (SAFETY T7)


def page(name: str, **parts: str) -> str:
    """Return the full address of a page: from ``SITE_URL``, never from a request (SAFETY T27)."""
    return settings.SITE_URL + reverse(name, kwargs=parts or None)


def write(name: str, context: dict[str, Any]) -> Letter:
    """Fill the three templates of a letter: ``<name>_subject.txt``, ``<name>.txt``, ``<name>.html``.

    A name without a folder is one of ``accounts/letters``.
    """
    context = {"help_contact": settings.ADMIN_CONTACT, "home_url": page("home"), **context}
    file = name if "/" in name else f"accounts/letters/{name}"
    return Letter(
        subject=" ".join(render_to_string(f"{file}_subject.txt", context).split()),
        text=render_to_string(f"{file}.txt", context).strip() + "\n",
        html=render_to_string(f"{file}.html", context),
    )


def first_words(name: str) -> str:
    """Return a first name as a letter to a stranger may hold it: no room for a message of somebody else.

    Whoever signs up with somebody's address must not be able to write to them through the portal.
    """
    return Truncator(" ".join(name.replace(".", ". ").split()[:3])).chars(30)


def registration_letter(context: Context) -> Letter:
    """Ask to confirm a sign-up, or tell that the address already serves an account (SCREENS A6, A8)."""
    sign_up = _waiting(context)
    if sign_up.__dict__["has_owner"] and (owner := User.objects.with_address(sign_up.address).first()):
        return write("already_registered", {"level": sign_up.get_level_display(), **_ways_in(owner)})
    return write(
        "registration_guardian" if sign_up.needs_guardian else "registration",
        {
            "name": first_words(sign_up.first_name),
            "level": sign_up.get_level_display(),
            "url": page("confirm", token=links.token(registration.KIND, sign_up)),
        },
    )


def registration_password_letter(context: Context) -> Letter:
    """Let who owns the address of a waiting sign-up choose the password anew (SAFETY T24)."""
    sign_up = _waiting(context)
    return write(
        "registration_password",
        {
            "name": first_words(sign_up.first_name),
            "level": sign_up.get_level_display(),
            "url": page("confirm_password", token=links.token(registration.KIND_NEW_PASSWORD, sign_up)),
        },
    )


def recovery_letter(context: Context) -> Letter:
    """Tell whoever asked what they need to get back in; nobody, when nobody was found by name."""
    request = RecoveryRequest.objects.select_related("user").filter(public_id=context.reference).first()
    if request is None or not context.to:
        raise NothingToSend
    if "@" not in context.to:
        return _recovery_by_sms(request, context)
    if request.user is not None and (context.to, request.custody_id) not in {
        (reader.address, reader.custody) for reader in correspondence.readers_of(request.user)
    }:
        raise NothingToSend  # sent again after the reader has changed: the old mailbox gets no way in
    if request.user is not None and merging.is_closed_by_one(request.user):
        return as_told(
            subject=_("Votre compte est réuni à un autre"),
            what=_(
                "Vous avez réuni ce compte à un autre des vôtres. Vos noms de connexion ouvrent maintenant "
                "l’autre compte, avec le mot de passe de l’autre compte."
            ),
            advice=_(
                "Mot de passe oublié ? Écrivez un de vos noms de connexion, ou l’adresse de l’autre compte :"
            ),
            url=page("recover"),
            url_label=_("Choisir un nouveau mot de passe"),
        )
    if request.user is not None and not request.user.is_active:
        return write("recovery_suspended", {})
    if request.user is not None:
        url = page("reset_password", token=links.token(recovery.KIND, request))
        said = _ways_in(request.user)
        is_closed = not request.user.has_usable_password()  # staff asked for another one
        if not said["address"]:  # to who holds the account: the letter names the child
            return write("recovery_held", {**said, "url": url, "is_closed": is_closed})
        return write("recovery_asked_by_staff" if is_closed else "recovery", {**said, "url": url})
    return write("recovery_unknown", {})


def _recovery_by_sms(request: RecoveryRequest, context: Context) -> Letter:
    """Send the link to the number that its owner confirmed for that, and to no other."""
    if request.user is None or not request.user.is_active or sms_numbers.of(request.user) != context.to:
        raise NothingToSend
    _count_sms(context.to)
    url = page("reset_password", token=links.token(recovery.KIND, request))
    return sms("recovery_sms", {"url": url})


def sms_number_code_letter(context: Context) -> Letter:
    """Send the code in force of a number for SMS, to that number."""
    public_id, _dot, number = context.reference.partition(".")
    row = SmsNumber.objects.alive().filter(public_id=public_id, mobile=context.to).first()
    if row is None or str(row.code_number) != number:
        raise NothingToSend
    _count_sms(context.to)
    return sms("sms_code", {"code": sms_codes.code(sms_numbers.PURPOSE, row)})


def sms(name: str, context: dict[str, Any]) -> Letter:
    """Fill the one template of an SMS of this app."""
    text = render_to_string(f"accounts/letters/{name}.txt", context)
    return Letter(subject="", text=" ".join(text.split()))


def _count_sms(mobile: str) -> None:
    """Hold to what a number and the whole portal may get in a day (SAFETY T7)."""
    try:
        limits.hit(limits.Limit("accounts.sms_sent", mobile, 10, DAY))
        limits.hit(limits.Limit("guardians.sms_budget", "all", SMS_BUDGET, DAY))  # one for all apps
    except limits.Refused as refusal:
        logger.error("sms_not_sent", kind="accounts", code=refusal.limit.scope)
        raise NothingToSend from refusal


def password_changed_letter(context: Context) -> Letter:
    """Tell a person that the password of their account has changed."""
    user = _person(context)
    said = {"user": user, "service": service_of(user), "recover_url": _at_own_door("recover", user)}
    return write("password_changed", said)


def address_change_letter(context: Context) -> Letter:
    """Ask whoever reads the new address to confirm it, or tell that it already serves an account."""
    change = (
        AddressChange.objects.select_related("user")
        .filter(public_id=context.reference, address=context.to)
        .first()
    )
    if change is None:
        raise NothingToSend
    owner = User.objects.with_address(change.address).first()
    if owner is not None:
        return write("address_change_taken", _ways_in(owner))
    url = page("confirm_address", token=links.token(address_change.KIND, change))
    return write("address_change", {"name": first_words(change.user.first_name), "url": url})


def address_change_asked_letter(context: Context) -> Letter:
    """Tell the present address that another one was asked for, and what to do if it was not its owner."""
    return write("address_change_asked", {"user": _person(context), "recover_url": page("recover")})


def address_changed_letter(context: Context) -> Letter:
    """Tell the former address that it serves this account no more."""
    return write("address_changed", {"user": _person(context)})


def told_letter(kind: str, context: Context) -> Letter:
    """Tell a person, or who holds their account, what became of it (``staff_letters``, ``held_letters``,
    ``ways_in_letters``).
    """
    told, user = {**TOLD, **HELD, **WAYS_IN}[kind], _person(context)
    return write(
        "told",
        {
            "subject": told.subject,
            "what": told.what % {"name": user.full_name},
            "advice": told.advice,
            "url": _at_own_door(told.page, user) if told.page else "",
            "url_label": told.page_label,
        },
    )


def merged_letter(context: Context) -> Letter:
    """Tell both accounts that they are one now, with the link that takes them apart again."""
    merge = Merge.objects.made().in_force().filter(public_id=context.reference).first()
    if merge is None:
        raise NothingToSend
    url = page("merge_link", token=links.token(merging.KIND_MERGED, merge))
    if "@" not in context.to:
        said = _(
            "Deux de vos comptes « Ma classe à la maison » sont réunis. Ce n’est pas vous ? Annulez : %(url)s"
        )
        return Letter(subject="", text=said % {"url": url})
    return as_told(
        subject=_("Deux de vos comptes sont réunis"),
        what=_(
            "Deux de vos comptes n’en font plus qu’un. Tout ce que contenait l’un est dans l’autre, "
            "et l’un des deux est fermé."
        ),
        advice=_(
            "Ce n’est pas vous, ou vous avez changé d’avis ? "
            "Pendant 30 jours, ce lien sépare les deux comptes :"
        ),
        url=url,
        url_label=_("Séparer les deux comptes"),
    )


def merge_undone_letter(context: Context) -> Letter:
    """Tell both accounts that they are two again, and whether one of them asks for another password."""
    merge = Merge.objects.made().filter(public_id=context.reference).exclude(undone_at=None).first()
    if merge is None:
        raise NothingToSend
    if "@" not in context.to:
        said = _(
            "Vos deux comptes « Ma classe à la maison » sont séparés : chacun s’ouvre avec son mot de passe."
        )
        if merge.is_sealed:
            said = _(
                "Vos deux comptes « Ma classe à la maison » sont séparés. "
                "Choisissez un nouveau mot de passe pour celui qui était fermé."
            )
        return Letter(subject="", text=str(said))
    if merge.is_sealed:
        return as_told(
            subject=_("Vos deux comptes sont séparés"),
            what=_(
                "La fusion de vos comptes est annulée. Le compte qui était fermé s’ouvre de nouveau, mais "
                "plus avec son ancien mot de passe : depuis la fusion, le mot de passe a été changé ou fermé "
                "par sécurité."
            ),
            advice=_(
                "Pour l’ouvrir, choisissez-lui un nouveau mot de passe. S’il n’a ni adresse ni numéro de "
                "téléphone, demandez une nouvelle lettre à l’établissement."
            ),
            url=page("recover"),
            url_label=_("Choisir un nouveau mot de passe"),
        )
    return as_told(
        subject=_("Vos deux comptes sont séparés"),
        what=_("La fusion de vos comptes est annulée. Chacun s’ouvre de nouveau avec son mot de passe."),
        advice=_("Ce n’est pas vous ? Choisissez un nouveau mot de passe pour chacun des deux :"),
        url=page("recover"),
        url_label=_("Choisir un nouveau mot de passe"),
    )


def as_told(**parts: Any) -> Letter:
    """Fill the letter of five parts: ``subject``, ``what``, ``advice``, ``url``, ``url_label``."""
    return write("told", parts)


def second_factor_letter(name: str) -> Callable[[Context], Letter]:
    """Tell a person what became of their second factor, so that a thief is noticed."""

    def render(context: Context) -> Letter:
        return write(name, {"user": _person(context), "recover_url": page("recover")})

    return render


def _person(context: Context) -> User:
    user = User.objects.filter(public_id=context.reference).first()
    if user is None:
        raise NothingToSend
    return user


def _waiting(context: Context) -> Registration:
    sign_up = (
        Registration.objects.waiting()
        .select_related("sign_in_name")
        .filter(public_id=context.reference, address=context.to)
        .annotate(has_owner=Exists(EmailAddress.objects.filter(email=OuterRef("address"), verified=True)))
        .first()
    )
    if sign_up is None:
        raise NothingToSend
    return sign_up


def _ways_in(user: User) -> dict[str, Any]:
    door = standing.of(user).own_door
    return {
        "user": user,
        "service": service_of(user),
        "names": list(SignInName.objects.filter(user=user, authority=door).values_list("name", flat=True)),
        "address": user.address(),
        "sign_in_url": _at_own_door("account_login", user),
        "recover_url": _at_own_door("recover", user),
    }


def service_of(user: User) -> str:
    """Return what the place is called that somebody signs in to, as it stands after « à » or « pour »."""
    door = standing.of(user).own_door
    is_ent = door == PUPILS or is_staff_door(door)
    return str(_("l’ENT") if is_ent else _("« Ma classe à la maison »"))


def _at_own_door(name: str, user: User) -> str:
    """Return the full address of a page; of those of a sign-in, the one at somebody's own door."""
    door = standing.of(user).own_door
    if name == "account_login":
        return settings.SITE_URL + doors.sign_in_page(door)
    if name == "recover":
        return settings.SITE_URL + doors.recovery_page(door)
    return page(name)


# Sent again by hand, a letter counts with all others to that mailbox (SAFETY T28).
register = partial(notification_letters.register, limits=registration.letter_limits)
register(registration.KIND, registration_letter, label=_("Inscription à confirmer"))
register(
    registration.KIND_NEW_PASSWORD,
    registration_password_letter,
    label=_("Inscription : nouveau mot de passe"),
)
register(recovery.KIND, recovery_letter, label=_("Identifiant ou mot de passe oublié"))
register(sms_numbers.KIND_CODE, sms_number_code_letter, label=_("Code du numéro pour les SMS"))
register(recovery.KIND_CHANGED, password_changed_letter, label=_("Mot de passe changé"))
register(address_change.KIND, address_change_letter, label=_("Nouvelle adresse à confirmer"))
register(address_change.KIND_ASKED, address_change_asked_letter, label=_("Changement d’adresse demandé"))
register(address_change.KIND_DONE, address_changed_letter, label=_("Adresse changée"))
for _kind, _told in {**TOLD, **HELD, **WAYS_IN}.items():
    register(_kind, partial(told_letter, _kind), label=_told.subject)
register(
    second_factor.KIND_ADDED, second_factor_letter("second_factor_added"), label=_("Second facteur ajouté")
)
register(
    second_factor.KIND_REMOVED,
    second_factor_letter("second_factor_removed"),
    label=_("Second facteur retiré"),
)
register(
    second_factor.KIND_RECOVERED,
    second_factor_letter("second_factor_recovered"),
    label=_("Code de secours utilisé"),
)
register(passkeys.KIND_ADDED, second_factor_letter("passkey_added"), label=_("Clé d’accès ajoutée"))
register(
    second_factor.KIND_ONE_REMOVED,
    second_factor_letter("second_factor_one_removed"),
    label=_("Un des seconds facteurs retiré"),
)
register(merging.KIND_MERGED, merged_letter, label=_("Deux comptes réunis"))
register(merging.KIND_UNDONE, merge_undone_letter, label=_("Fusion de comptes annulée"))
