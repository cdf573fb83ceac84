"""Who holds which personal data, how it is handed over, erased, and moved to another account of the same
person (GDPR 15, 17, 20; SCREENS C7).

Every app says it for its own models in a module ``personal_data.py``; this one also speaks for the
apps on the floors below, which cannot know of a person. A test walks all models and fails for one
that could hold personal data and is claimed by nobody.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from django.contrib.admin.models import LogEntry
from django.db import models
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from notifications import retention
from notifications.models import LocalMessage, Message
from schools.models import (
    GuardianContact,
    GuardianTie,
    Letter,
    LetterBatch,
    LetterFile,
    LetterPart,
    RosterFile,
    RosterFilePart,
    RosterImport,
    Schooling,
    StaffMember,
    StagedContact,
    StagedPupil,
    StagedStaff,
    StagedTie,
    Student,
    StudentMerge,
)

from . import doors
from .models import (
    AddressChange,
    ContactPreferences,
    Custody,
    Enrolment,
    FirstSignIn,
    LocalAdmin,
    Merge,
    MergedRow,
    Notice,
    OpenSession,
    OtherPost,
    OtpKey,
    PolicyAcceptance,
    ProviderIdentity,
    ProviderVisit,
    RecoveryRequest,
    Registration,
    SchoolReset,
    SignInName,
    SmsNumber,
    StaffRole,
    User,
)
from .moving import Fate, Pointer

_claims: list[Claim] = []


@dataclass(frozen=True)
class Claim:
    """Models that one app answers for: what is handed over to a person, and what erasing them does.

    ``pointers`` say what a merge of two accounts does with each field that points at a person.
    """

    models: tuple[type[models.Model], ...]
    export: Callable[[User], dict[str, Any]]
    erase: Callable[[User], None]
    pointers: tuple[Pointer, ...] = ()


def register(claim: Claim) -> None:
    """Add a claim. Called once, from an app's ``personal_data.py``."""
    _claims.append(claim)


def claimed() -> set[type[models.Model]]:
    """Return every model that somebody answers for."""
    return {model for claim in _claims for model in claim.models}


def pointers() -> list[Pointer]:
    """Return every field that points at a person, with what a merge does with its rows."""
    return [pointer for claim in _claims for pointer in claim.pointers]


def export(user: User) -> dict[str, Any]:
    """Return all that the portal knows of a person, as values that JSON can write."""
    everything: dict[str, Any] = {}
    for claim in _claims:
        everything.update(claim.export(user))
    return everything


def erase(user: User) -> None:
    """Erase a person from every app, the account last. The caller opens the transaction."""
    for claim in reversed(_claims):
        claim.erase(user)


def _export_person(user: User) -> dict[str, Any]:
    return {
        "person": {
            "first_name": user.first_name,
            "last_name": user.last_name,
            "language": user.language,
            "joined_at": user.joined_at.isoformat(),
            "last_login": user.last_login.isoformat() if user.last_login else None,
        },
        "addresses": list(EmailAddress.objects.filter(user=user).values("email", "verified")),
        "sign_in_names": list(user.sign_in_names.values("authority", "name")),
        "enrolments": list(
            user.enrolments.values(
                "level", "profile", "academy__name", "department__name", "country", "school_year"
            )
        ),
        "second_factors": [
            {
                "type": row.type,
                "name": row.data.get("name", ""),  # of a passkey, as the person wrote it
                "added_at": row.created_at.isoformat(),
                "last_used_at": row.last_used_at.isoformat() if row.last_used_at else None,
            }
            for row in Authenticator.objects.filter(user=user).order_by("pk")
        ],
        "otp_keys": [
            {
                "began_at": row.began_at.isoformat(),
                "last_used_at": row.last_used_at and row.last_used_at.isoformat(),
            }
            for row in user.otp_keys.order_by("pk")
        ],
        "identity_providers": [
            {"issuer": row.issuer, "sub": row.sub, "tied_at": row.tied_at.isoformat()}
            for row in user.provider_identities.order_by("pk")
        ],
        "open_sessions": [
            {"device": row.device, "network": row.network, "opened_at": row.opened_at.isoformat()}
            for row in user.open_sessions.all()
        ],
        # Of who holds the account, and of who else does, a person learns nothing here.
        "held_by_guardians": [
            {"since": row.since.isoformat(), "until": row.until.isoformat() if row.until else None}
            for row in user.custodies.order_by("pk")
        ],
        "accounts_held": [
            {"child": row.child.first_name, "since": row.since.isoformat()}
            for row in Custody.objects.in_force().filter(holder=user).select_related("child").order_by("pk")
        ],
        "notices": [
            {"kind": kind, "told_at": told.isoformat(), "read_at": read.isoformat() if read else None}
            for kind, told, read in user.notices.order_by("pk").values_list("kind", "told_at", "read_at")
        ],
        "school_resets_asked_for": [
            {"school": str(each.school), "asked_at": each.asked_at.isoformat(), "reason": each.reason}
            for each in SchoolReset.objects.filter(asked_by=user).select_related("school").order_by("pk")
        ],
        "acceptances": [
            {
                "document": str(acceptance.document),
                "language": acceptance.document.language,
                "accepted_at": acceptance.accepted_at.isoformat(),
                "by_guardian": acceptance.by_guardian,
            }
            for acceptance in user.acceptances.select_related("document")
        ],
        "merges": [
            {
                "into_this_account": merge.target_id == user.pk,
                "made_at": merge.made_at.isoformat() if merge.made_at else None,
                "undone_at": merge.undone_at.isoformat() if merge.undone_at else None,
            }
            for merge in Merge.objects.of(user).order_by("pk")
        ],
    }


def _erase_person(user: User) -> None:
    # Accounts that were closed into this one are the same person's.
    for merge in Merge.objects.in_force().filter(target=user).select_related("source"):
        erase(merge.source)
    user.delete()  # everything else hangs on it


def _names_in_words(rows: QuerySet[Any]) -> list[str]:
    return [
        _("Nom de connexion « %(name)s » (%(door)s)") % {"name": name, "door": doors.in_words(authority)}
        for authority, name in rows.order_by("pk").values_list("authority", "name")
    ]


def _addresses_in_words(rows: QuerySet[Any]) -> list[str]:
    return [
        _("Adresse de courriel %(address)s") % {"address": address}
        for address in rows.values_list("email", flat=True)
    ]


def _years_in_words(rows: QuerySet[Any]) -> list[str]:
    return [
        _("Inscription %(year)s, %(level)s, %(profile)s")
        % {
            "year": each.year.label,
            "level": each.get_level_display(),
            "profile": each.get_profile_display(),
        }
        for each in rows.order_by("school_year", "pk")
    ]


def _held_in_words(rows: QuerySet[Any]) -> list[str]:
    return [
        _("Le compte de %(name)s, dont vous vous occupez") % {"name": each.child.first_name}
        for each in rows.select_related("child").order_by("pk")
    ]


def _posts_in_words(rows: QuerySet[Any]) -> list[str]:
    return [
        _("Votre poste : %(school)s") % {"school": each.staff_member.school}
        for each in rows.select_related("staff_member__school").order_by("pk")
    ]


def _providers_in_words(rows: QuerySet[Any]) -> list[str]:
    return [
        _("La connexion par %(provider)s") % {"provider": issuer}
        for issuer in rows.order_by("pk").values_list("issuer", flat=True)
    ]


_POINTERS = (
    Pointer(SignInName, "user", Fate.MOVES, says=_names_in_words),
    # One account has one address: the other's stays with the closed account, and comes back with it.
    Pointer(EmailAddress, "user", Fate.MOVES, says=_addresses_in_words, alike=()),
    Pointer(Enrolment, "user", Fate.MOVES, says=_years_in_words, alike=("level", "school_year")),
    Pointer(PolicyAcceptance, "user", Fate.MOVES, alike=("document",)),
    Pointer(
        Custody,
        "holder",
        Fate.MOVES,
        says=_held_in_words,
        alike=("child",),
        apart="child",
        only=Q(until=None),
    ),
    Pointer(Custody, "child", Fate.STAYS),  # of the past: an account that is held is not merged
    Pointer(Notice, "user", Fate.MOVES, alike=("kind",)),
    Pointer(ProviderIdentity, "user", Fate.MOVES, says=_providers_in_words, alike=("issuer",)),
    Pointer(OtpKey, "user", Fate.STAYS),
    # Who gave a right or asked for a reset: it was that account.
    Pointer(LocalAdmin, "given_by", Fate.STAYS),
    Pointer(SchoolReset, "asked_by", Fate.STAYS),
    Pointer(Registration, "user", Fate.STAYS),
    Pointer(RecoveryRequest, "user", Fate.ENDS),
    Pointer(AddressChange, "user", Fate.ENDS),
    Pointer(OpenSession, "user", Fate.ENDS),
    Pointer(StaffRole, "user", Fate.STAYS),  # there are none: who has a role keeps their account
    Pointer(LogEntry, "user", Fate.STAYS),
    Pointer(Authenticator, "user", Fate.STAYS),  # recovery codes and passkeys are made for one account
    Pointer(Merge, "target", Fate.STAYS),  # of accounts merged one after the other, the last is undone first
    Pointer(Merge, "source", Fate.STAYS),
)


def _export_messages(user: User) -> dict[str, Any]:
    return {"messages": retention.export(address=user.address())}


def _erase_messages(user: User) -> None:
    retention.forget(address=user.address())


register(
    Claim(
        models=(
            User,
            SignInName,
            EmailAddress,
            Registration,
            Enrolment,
            PolicyAcceptance,
            RecoveryRequest,
            AddressChange,
            Custody,
            Merge,
            MergedRow,
            Notice,
            OpenSession,
            OtpKey,
            ProviderIdentity,
            ProviderVisit,
            StaffRole,
            LocalAdmin,
            SchoolReset,
            Authenticator,
            LogEntry,
        ),
        export=_export_person,
        erase=_erase_person,
        pointers=_POINTERS,
    )
)


def _export_declared(user: User) -> dict[str, Any]:
    member, child = user.staff_member, user.student
    return {
        "student": child
        and {
            "ine": child.ine,
            "identifier": child.identifier,
            "first_name": child.first_name,
            "other_first_names": child.other_first_names,
            "family_name": child.family_name,
            "usage_name": child.usage_name,
            "birth_date": child.birth_date,
            "sex": child.sex,
            "schools": [str(each.school) for each in child.schoolings.select_related("school")],
        },
        "staff_member": member
        and {
            "school": str(member.school),
            "first_name": member.first_name,
            "family_name": member.family_name,
            "role": member.role,
            "identifier": member.identifier,
            "email": member.email,
            "phones": dict(member.directory_phones),
            "divisions": [str(each) for each in member.divisions.all()],
            "local_admin": [
                {"area": area, "since": since.isoformat(), "until": until.isoformat() if until else None}
                for area, since, until in member.local_admin_rights.order_by("pk").values_list(
                    "area", "given_at", "ended_at"
                )
            ],
        },
        "letters": [
            {
                "school": str(each.batch.school),
                "given_at": each.given_at and each.given_at.isoformat(),
                "spent_at": each.spent_at and each.spent_at.isoformat(),
                "revoked_at": each.revoked_at and each.revoked_at.isoformat(),
            }
            for person in (child, member)
            if person
            for each in person.letters.given().select_related("batch__school").order_by("pk")
        ],
    }


def _export_first_sign_in(user: User) -> dict[str, Any]:
    chosen = ContactPreferences.objects.filter(user=user).first()
    letter = FirstSignIn.objects.filter(user=user).first()
    waiting = SmsNumber.objects.filter(user=user).first()
    return {
        "contact_preferences": chosen
        and {
            "ent_messages": chosen.ent_messages,
            "school_news": chosen.school_news,
            "partner_news": chosen.partner_news,
            "phone_1": chosen.phone_1,
            "phone_2": chosen.phone_2,
            "sms_mobile": chosen.sms_mobile,
            "no_sms": chosen.no_sms,
        },
        "sms_number_that_waits": waiting.mobile if waiting else "",
        "messages_to_sms_number": retention.export(address=chosen.sms_mobile)
        if chosen and chosen.sms_mobile
        else [],
        "opened_by_letter": letter
        and {
            "password_chosen_at": letter.password_chosen_at.isoformat() if letter.password_chosen_at else None
        },
        "other_posts": [
            {"school": str(post.staff_member.school), "since": post.since.isoformat()}
            for post in user.other_posts.select_related("staff_member__school").order_by("pk")
        ],
    }


def _erase_first_sign_in(user: User) -> None:
    """Forget what was sent to the numbers; the rows hang on the account."""
    numbers = {
        *ContactPreferences.objects.filter(user=user).values_list("sms_mobile", flat=True),
        *SmsNumber.objects.filter(user=user).values_list("mobile", flat=True),
    }
    for number in numbers - {""}:
        retention.forget(address=number)


register(
    Claim(
        models=(ContactPreferences, FirstSignIn, OtherPost, SmsNumber),
        export=_export_first_sign_in,
        erase=_erase_first_sign_in,
        pointers=(
            Pointer(OtherPost, "user", Fate.MOVES, says=_posts_in_words),
            # What one wants to hear of is chosen for an account; so is the code of the letter that opened it.
            Pointer(ContactPreferences, "user", Fate.STAYS),
            Pointer(FirstSignIn, "user", Fate.STAYS),
            Pointer(SmsNumber, "user", Fate.ENDS),
        ),
    )
)


def _leave_declared(_user: User) -> None:
    """Nothing: what a school declares goes when it no longer declares it (schools.rosters.retention)."""


register(
    Claim(
        models=(
            Student,
            StudentMerge,
            Schooling,
            GuardianContact,
            GuardianTie,
            StaffMember,
            StagedPupil,
            StagedContact,
            StagedTie,
            StagedStaff,
            RosterImport,
            RosterFile,
            RosterFilePart,
            Letter,
            LetterBatch,
            LetterPart,
            LetterFile,
        ),
        export=_export_declared,
        erase=_leave_declared,
    )
)
register(Claim(models=(Message, LocalMessage), export=_export_messages, erase=_erase_messages))
