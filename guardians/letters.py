"""The letters of this app, written when they are sent. Discovered by ``notifications``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from django.template.loader import render_to_string
from django.utils.translation import gettext_lazy as _

from accounts.letters import first_words, page, service_of, write
from accounts.models import User
from notifications import letters as notification_letters
from notifications.letters import Context, Letter, NothingToSend
from schools.models import School, Student
from throttling import limits

from . import activation, bringing, children_accounts, codes, declaring, finishing, linking, mobiles
from .models import Activation, Guardianship, MobileChange

logger = structlog.get_logger(__name__)


def _sms(name: str, context: dict[str, Any]) -> Letter:
    text = render_to_string(f"guardians/letters/{name}.txt", context)
    return Letter(subject="", text=" ".join(text.split()))


def code_letter(context: Context) -> Letter:
    """Send the code in force; nothing for a code that was replaced, or to nobody's number."""
    public_id, _dot, number = context.reference.partition(".")
    row = Activation.objects.alive().filter(public_id=public_id, verified_at=None).first()
    return _code_of(row, number, context)


def mobile_code_letter(context: Context) -> Letter:
    """Send the code of a new number, to that number."""
    public_id, _dot, number = context.reference.partition(".")
    row = MobileChange.objects.alive().filter(public_id=public_id, mobile=context.to).first()
    return _code_of(row, number, context)


def _code_of(row: Activation | MobileChange | None, number: str, context: Context) -> Letter:
    if row is None or not context.to or str(row.code_number) != number:
        raise NothingToSend
    try:
        limits.hit(activation.sending_limit(context.to))
    except limits.Refused as refusal:
        logger.error("sms_not_sent", kind="guardians.code", code=refusal.limit.scope)
        raise NothingToSend from refusal
    return _sms("code", {"code": codes.code(row), "minutes": 30})


def owner_letter(name: str, sms: str) -> Callable[[Context], Letter]:
    """Tell who the school's record speaks of what became of an account with it (SAFETY T11)."""

    def render(context: Context) -> Letter:
        user = User.objects.filter(public_id=context.reference).first()
        if user is None:
            raise NothingToSend
        if "@" not in context.to:
            return _sms(sms, {})
        return write(f"guardians/letters/{name}", {"name": first_words(user.first_name)})

    return render


def told_letter(name: str, sms: str) -> Callable[[Context], Letter]:
    """Tell what was done to an account, by mail or by SMS, so that a thief is noticed."""

    def render(context: Context) -> Letter:
        if "@" not in context.to:
            return _sms(sms, {})
        return write(f"guardians/letters/{name}", {"account_url": page("account")})

    return render


def birth_date_alarm_letter(context: Context) -> Letter:
    """Tell the DANE that birth dates are being guessed at a school: which school, and nobody's name."""
    school = School.objects.filter(public_id=context.reference).first()
    if school is None:
        raise NothingToSend
    return write("guardians/letters/birth_date_alarm", {"school": str(school), "most": declaring.A_SCHOOL})


def another_guardian_letter(context: Context) -> Letter:
    """Tell a child's other guardians: who it is stays with the school."""
    tied = (
        Guardianship.objects.select_related("tie__student", "tie__contact__school")
        .filter(public_id=context.reference)
        .first()
    )
    if tied is None:
        raise NothingToSend
    said = {"child": first_words(tied.tie.student.first_name), "school": tied.tie.contact.school.name}
    return (
        _sms("another_guardian_sms", said)
        if "@" not in context.to
        else write("guardians/letters/another_guardian", said)
    )


def child_account_letter(context: Context) -> Letter:
    """Tell a legal guardian that a child has an account which they hold; who made it is not told."""
    account = User.objects.filter(public_id=context.reference).first()
    if account is None:
        raise NothingToSend
    name = {"name": account.first_name}
    return write(
        "told",
        {
            "subject": _("%(name)s a un compte à %(service)s") % {**name, "service": service_of(account)},
            "what": _(
                "Un compte sans adresse de courriel existe pour %(name)s, et vous pouvez vous en occuper "
                "avec vos propres accès. Vos coordonnées et votre compte ne sont montrés à personne."
            )
            % name,
            "advice": _("Pour voir son nom d’utilisateur ou donner un nouveau mot de passe :"),
            "url": page("children_accounts"),
            "url_label": _("Les comptes de mes enfants"),
        },
    )


def child_account_closed_letter(context: Context) -> Letter:
    """Tell the other holders that a child's account was closed."""
    student = Student.objects.filter(public_id=context.reference).first()
    if student is None:
        raise NothingToSend
    name = {"name": student.first_name}
    return write(
        "told",
        {
            "subject": _("Le compte de %(name)s est fermé") % name,
            "what": _(
                "Un responsable légal de %(name)s a fermé son compte à « Ma classe à la maison ». "
                "Ce que le compte contenait est effacé."
            )
            % name,
            "advice": _("Cela vous étonne ? Parlez-en au secrétariat de l’école."),
            "url": "",
            "url_label": "",
        },
    )


notification_letters.register(activation.KIND_CODE, code_letter, label=_("Code d’un responsable légal"))
notification_letters.register(
    finishing.KIND_MADE,
    owner_letter("account_made", "account_made_sms"),
    label=_("Compte de responsable légal créé"),
)
notification_letters.register(
    finishing.KIND_AGAIN,
    owner_letter("access_found_again", "access_found_again_sms"),
    label=_("Accès de responsable légal retrouvé"),
)
notification_letters.register(
    linking.KIND_JOINED,
    owner_letter("franceconnect_joined", "franceconnect_joined_sms"),
    label=_("FranceConnect relié au compte"),
)
notification_letters.register(
    linking.KIND_PARTED,
    owner_letter("franceconnect_left", "franceconnect_left_sms"),
    label=_("FranceConnect retiré du compte"),
)
notification_letters.register(
    finishing.KIND_JOINED,
    owner_letter("child_added", "child_added_sms"),
    label=_("Élève ajouté avec un code de l’école"),
)
notification_letters.register(
    declaring.KIND_ALARM, birth_date_alarm_letter, label=_("Alerte : dates de naissance fausses")
)
notification_letters.register(
    finishing.KIND_ANOTHER, another_guardian_letter, label=_("Autre responsable légal rattaché")
)
notification_letters.register(
    mobiles.KIND_CODE, mobile_code_letter, label=_("Code pour un nouveau numéro de portable")
)
notification_letters.register(
    mobiles.KIND_CHANGED,
    told_letter("mobile_changed", "mobile_changed_sms"),
    label=_("Numéro de portable changé"),
)
notification_letters.register(
    bringing.KIND_BROUGHT,
    told_letter("children_brought", "children_brought_sms"),
    label=_("Élèves rattachés depuis un autre compte"),
)
notification_letters.register(
    bringing.KIND_RETURNED,
    told_letter("children_returned", "children_returned_sms"),
    label=_("Élèves rendus à l’autre compte"),
)
notification_letters.register(
    children_accounts.KIND_MADE, child_account_letter, label=_("Compte d’enfant confié")
)
notification_letters.register(
    children_accounts.KIND_CLOSED, child_account_closed_letter, label=_("Compte d’enfant fermé")
)
