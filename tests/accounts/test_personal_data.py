"""What the portal knows of people is claimed by somebody, handed over, and erased (GDPR 15, 17)."""

from __future__ import annotations

import json
import re

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models

from accounts import belonging, farewells, merging, personal_data, steps
from accounts.models import SignInName, User
from notifications import letters, outbox
from notifications.models import Message

OURS = {
    "throttling",
    "audit",
    "schools",
    "notifications",
    "accounts",
    "support",
    "guardians",
    "virtual_classes",
    "account",
    "sessions",
    "auth",
}
TELLING = re.compile(
    r"(^|_)(email|address|to|phone|mobile|first_name|last_name|username|session_data|text|html)($|_)"
)
# What looks like personal data by its name, and why it is none.
HOLDS_NONE = {
    "throttling.Counter": "its key is a keyed hash",
    "schools.Academy": "the public phone of its counter",
    "accounts.WayIn": "where a choice leads to",
    "schools.School": "the public address and phone of an institution",
    "audit.Record": "opaque subjects and names of fields only; kept apart on purpose (T53)",
    "auth.Permission": "names of rights",
    "dsfr.DsfrConfig": "the design system's own settings; the portal's come from the environment",
    "account.EmailConfirmation": "never written: registration.py confirms addresses",
}


def holds_personal_data(model: type[models.Model]) -> bool:
    """Say whether a model points at a person, or has a field named like something personal."""
    return any(
        field.related_model is User if field.is_relation else TELLING.search(field.name)
        for field in model._meta.get_fields()
        if field.concrete and not field.auto_created
    )


def test_no_personal_data_is_unclaimed() -> None:
    claimed = personal_data.claimed()
    unclaimed = {
        model._meta.label
        for model in apps.get_models()
        if model not in claimed and model._meta.label not in HOLDS_NONE and holds_personal_data(model)
    }
    assert unclaimed == set()


def test_the_walk_knows_personal_data_when_it_sees_it() -> None:
    assert holds_personal_data(Message) and holds_personal_data(SignInName)
    assert {app.split(".")[0] for app in settings.INSTALLED_APPS} >= {"accounts", "notifications"}


@pytest.mark.django_db
def test_a_person_gets_all_that_is_known_of_them(person) -> None:
    user = person()
    known = json.dumps(personal_data.export(user), ensure_ascii=False, default=str)
    for fact in (
        "Jeanne",
        "Dupont",
        "jeanne.dupont@exemple.fr",
        "jeanne.dupont",
        "Normandie",
        "Calvados",
        "terms",
    ):
        assert fact in known
    assert "argon2" not in known


@pytest.mark.django_db
def test_an_erased_person_leaves_nothing(person) -> None:
    user = person()
    neighbour = person("autre.personne")
    outbox.post(kind="accounts.password_changed", reference=str(user.public_id), to=user.address())
    personal_data.erase(user)
    for model in personal_data.claimed():
        for row in model.objects.values():
            assert "jeanne.dupont" not in str(row)
    assert list(User.objects.all()) == [neighbour]


def test_every_registry_says_who_stands_in_it() -> None:
    """A list to read in review: a new line here is a new right, letter or duty."""
    assert [step.page for step in steps.registered()] == [
        "guardian_identifier",
        "accept_terms",
        "security_set_up",
        "first_charter",
        "first_password",
        "first_contact",
        "own_address",
        "renew",
        "guardian_alerts",
    ]
    assert [way.keys.__module__ for way in belonging._ways] == [
        "accounts.belonging",
        "accounts.belonging",
        "guardians.belonging",
    ]
    assert [check.__module__ for check in merging._checks] == [
        "guardians.merging",
        "virtual_classes.merging",
    ]
    assert [farewell.__module__ for farewell in farewells._farewells] == [
        "accounts.openid.door",
        "guardians.franceconnect.door",
    ]
    assert set(letters._renderers) >= {
        "accounts.address_change",
        "accounts.attached",
        "accounts.detached",
        "accounts.provider_left",
        "accounts.address_change_asked",
        "accounts.address_changed",
        "accounts.confirmed_by_staff",
        "accounts.held_at_eighteen",
        "accounts.held_at_fifteen",
        "accounts.held_has_address",
        "accounts.held_password_given",
        "accounts.local_admin_changed",
        "accounts.new_device",
        "accounts.merge_undone",
        "accounts.merged",
        "accounts.passkey_added",
        "accounts.password_changed",
        "accounts.recovery",
        "accounts.registration",
        "accounts.registration_password",
        "accounts.restored",
        "accounts.role_given",
        "accounts.role_taken",
        "accounts.second_factor_one_removed",
        "accounts.second_factor_removed_by_staff",
        "accounts.sessions_ended",
        "accounts.sms_number_code",
        "accounts.suspended",
        "guardians.access_found_again",
        "guardians.account_made",
        "guardians.another_guardian",
        "guardians.franceconnect_joined",
        "guardians.franceconnect_left",
        "guardians.children_brought",
        "guardians.children_returned",
        "guardians.child_account",
        "guardians.child_account_closed",
        "guardians.code",
        "guardians.mobile_changed",
        "guardians.mobile_code",
        "guardians.birth_date_alarm",
        "guardians.child_added",
        "support.answer",
        "support.copy",
        "support.nudge",
        "support.nudge_dane",
        "virtual_classes.invitation",
    }
    assert {model._meta.label for model in personal_data.claimed()} == {
        "account.EmailAddress",
        "accounts.AddressChange",
        "accounts.ContactPreferences",
        "accounts.Custody",
        "accounts.Enrolment",
        "accounts.FirstSignIn",
        "accounts.LocalAdmin",
        "accounts.Merge",
        "accounts.MergedRow",
        "accounts.Notice",
        "accounts.OpenSession",
        "accounts.OtherPost",
        "accounts.OtpKey",
        "accounts.PolicyAcceptance",
        "accounts.ProviderIdentity",
        "accounts.ProviderVisit",
        "accounts.RecoveryRequest",
        "accounts.Registration",
        "accounts.SchoolReset",
        "accounts.SignInName",
        "accounts.SmsNumber",
        "accounts.StaffRole",
        "accounts.User",
        "admin.LogEntry",
        "guardians.Activation",
        "guardians.ActivationAnswer",
        "guardians.BirthDateTries",
        "guardians.ChildrenMove",
        "guardians.ContactAccount",
        "guardians.FranceConnectAccount",
        "guardians.FranceConnectVisit",
        "guardians.GuardianAccount",
        "guardians.Guardianship",
        "guardians.MobileChange",
        "guardians.PairingCode",
        "mfa.Authenticator",
        "notifications.LocalMessage",
        "notifications.Message",
        "schools.GuardianContact",
        "schools.GuardianTie",
        "schools.Letter",
        "schools.LetterBatch",
        "schools.LetterFile",
        "schools.LetterPart",
        "schools.RosterFile",
        "schools.RosterFilePart",
        "schools.RosterImport",
        "schools.Schooling",
        "schools.StaffMember",
        "schools.StagedContact",
        "schools.StagedPupil",
        "schools.StagedStaff",
        "schools.StagedTie",
        "schools.Student",
        "schools.StudentMerge",
        "support.SupportRequest",
        "virtual_classes.ClassSession",
        "virtual_classes.Entry",
        "virtual_classes.Membership",
        "virtual_classes.RollCallLine",
        "virtual_classes.RoomMessage",
        "virtual_classes.RoomPresence",
        "virtual_classes.SessionRecord",
        "virtual_classes.VirtualClass",
    }
