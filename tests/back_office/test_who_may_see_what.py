"""Roles × pages × rows of other académies: what one may not see does not exist (SAFETY T35, T36, T50).

Every model of the administration is walked, those of other apps included. A page of a model that no
row is made for here fails the test: whoever adds one says whose rows it shows.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import uuid4

import pytest
from django.apps import apps
from django.contrib.admin import site
from django.db.models import Model
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver

from accounts import entrances
from accounts.models import (
    Entrance,
    IdentityProvider,
    PolicyDocument,
    Registration,
    StaffRole,
    User,
    WayIn,
)
from audit import journal
from audit.models import Record
from notifications import outbox
from notifications.models import Message
from schools.models import (
    Academy,
    Division,
    GuardianContact,
    GuardianTie,
    LetterBatch,
    OpeningDecision,
    RosterImport,
    Schooling,
    StaffMember,
    Student,
)
from support.models import SupportRequest
from tests.accounts.conftest import Family
from tests.accounts.staff import appoint, staff_client
from tests.schools.rosters.declared import school as declaring_school
from virtual_classes.models import ClassRules, HoursHeld, MeetingServer

pytestmark = pytest.mark.django_db
HOME, LYON, NORMANDIE = "/administration/", "10", "70"
ROLES = {
    "anonymous": None,
    "family": None,
    "support70": ("support", NORMANDIE),
    "dane70": ("dane", NORMANDIE),
    "dane10": ("dane", LYON),
    "national": ("national", None),
    "dpo": ("dpo", None),
}
GOOD = {"reason": "Une bonne raison."}
EVERYWHERE = {"normandie", "lyon", "nowhere"}
# Whose rows each role finds, model by model. What is not named here nobody in the matrix may see.
SEEN: dict[str, dict[str, set[str]]] = {
    "accounts.user": {
        "support70": {"normandie"},
        "dane70": {"normandie"},
        "dane10": {"lyon"},
        "national": EVERYWHERE,
    },
    "accounts.registration": {
        "support70": {"normandie"},
        "dane70": {"normandie"},
        "dane10": {"lyon"},
        "national": EVERYWHERE,
    },
    "accounts.staffrole": {"national": EVERYWHERE},
    "accounts.policydocument": {"national": EVERYWHERE},
    "accounts.entrance": {"national": EVERYWHERE},
    "accounts.wayin": {"national": EVERYWHERE},
    "accounts.identityprovider": {"national": EVERYWHERE},
    "notifications.message": {
        "support70": {"normandie"},
        "dane70": {"normandie"},
        "dane10": {"lyon"},
        "national": EVERYWHERE,
    },
    "schools.academy": {
        "dane70": {"normandie"},
        "dane10": {"lyon"},
        "national": EVERYWHERE,
    },
    "schools.openingdecision": {
        "dane70": {"normandie"},
        "dane10": {"lyon"},
        "national": EVERYWHERE,
    },
    **{
        model: {
            "support70": {"normandie"},
            "dane70": {"normandie"},
            "dane10": {"lyon"},
            "national": EVERYWHERE,
        }
        for model in (
            "schools.school",
            "schools.division",
            "schools.student",
            "schools.guardiancontact",
            "schools.staffmember",
        )
    },
    "schools.rosterimport": {
        "dane70": {"normandie"},
        "dane10": {"lyon"},
        "national": EVERYWHERE,
    },
    **{
        model: {"dane70": {"normandie"}, "dane10": {"lyon"}, "national": EVERYWHERE}
        for model in (
            "schools.guardiantie",
            "support.supportrequest",
            "virtual_classes.classrules",
            "virtual_classes.hoursheld",
        )
    },
    "schools.letterbatch": {"dane70": {"normandie"}, "dane10": {"lyon"}, "national": EVERYWHERE},
    "virtual_classes.meetingserver": {
        "dane70": {"normandie"},
        "dane10": {"lyon"},
        "national": EVERYWHERE,
    },
    "audit.record": {"dpo": EVERYWHERE},
}


@dataclass
class World:
    """Rows of two académies and of none, and somebody of each role at a browser."""

    rows: dict[str, dict[str, Model]]
    browsers: dict[str, Client]


@pytest.fixture
def world(family: Family, person: Callable[..., User]) -> World:
    rows: dict[str, dict[str, Model]] = {}

    def add(model: type[Model], place: str, row: Model) -> None:
        rows.setdefault(model._meta.label_lower, {})[place] = row

    family.sign_up()
    normand = Registration.objects.get()
    lyon = Academy.objects.get(code=LYON)
    Family(browser=Client()).sign_up(
        username="lea.lyon",
        first_name="Léonide",
        address="lea@exemple.fr",
        academy=LYON,
        department=lyon.departments.all()[0].code,
    )
    Family(browser=Client()).sign_up(
        username="lou.ailleurs", address="lou@exemple.fr", academy="etranger", department="", country="DE"
    )
    add(Registration, "normandie", normand)
    add(Registration, "lyon", Registration.objects.get(address="lea@exemple.fr"))
    add(Registration, "nowhere", Registration.objects.get(address="lou@exemple.fr"))
    for place, code in (("normandie", NORMANDIE), ("lyon", LYON), ("nowhere", "")):
        user = person(f"une.{place}")
        academy = Academy.objects.filter(code=code).first()
        user.enrolments.update(
            academy=academy,
            department=academy.departments.first() if academy else None,
            country="" if academy else "DE",
        )
        add(User, place, user)
        add(StaffRole, place, appoint(None, "support", code or None).staff_roles.get())
        subject = f"user:{user.public_id}"
        journal.record(act="account.confirmed", actor="system", subject=subject, academy=code)
        add(Record, place, Record.objects.get(subject=subject))
        if academy:
            add(Academy, place, academy)
            add(OpeningDecision, place, academy.decisions.all()[0])
            for declared in rows_of_a_school(code):
                add(type(declared), place, declared)
        server = MeetingServer.objects.create(
            name="Jeanne", url=f"https://{place}.exemple.fr", sealed_secret="scellé", academy=academy
        )
        add(MeetingServer, place, server)
        message = outbox.post(
            kind="accounts.password_changed",
            reference=str(user.public_id),
            to=user.address(),
            academy=code,
        )
        add(Message, place, message)
    add(PolicyDocument, "nowhere", PolicyDocument.objects.all()[0])
    entrances.load()
    add(Entrance, "nowhere", Entrance.objects.all()[0])
    add(WayIn, "nowhere", WayIn.objects.all()[0])
    add(
        IdentityProvider,
        "lyon",
        IdentityProvider.objects.create(
            name="Un portail", issuer="https://exemple.fr", client_id="mcm", sealed_secret="x", academy=lyon
        ),
    )
    browsers = {}
    for name, role in ROLES.items():
        browsers[name] = staff_client(appoint(None, *role)) if role else Client()
    browsers["family"].force_login(person("toute.seule"))
    return World(rows, browsers)


def rows_of_a_school(code: str) -> list[Model]:
    """Return a school of an académie, and one of everything that it declares."""
    school = declaring_school({NORMANDIE: "0141396S", LYON: "0690001B"}[code], code)
    pupil = Student.objects.create(family_name="Dupont", first_name="Jeanne", birth_date="2012-03-09")
    Schooling.objects.create(student=pupil, school=school, school_year=2026)
    contact = GuardianContact.objects.create(school=school, family_name="Dupont", first_name="Jeanne")
    tie = GuardianTie.objects.create(contact=contact, student=pupil, responsibility="legal")
    return [
        tie,
        SupportRequest.objects.create(
            submission=uuid4(),
            kind="record",
            reason="mobile",
            school=school,
            academy=school.academy,
            first_name="Jeanne",
            last_name="Dupont",
        ),
        school,
        pupil,
        contact,
        Division.objects.create(school=school, school_year=2026, code="3 A"),
        StaffMember.objects.create(school=school, family_name="Dupont", first_name="Jeanne", role="teacher"),
        LetterBatch.objects.create(
            submission=uuid4(),
            school=school,
            audience="pupil",
            language="fr",
            per_page=8,
            asked_by="system",
            expires_at="2027-01-01T00:00Z",
        ),
        ClassRules.objects.create(academy=school.academy, degree="second", by_link=False, by_account=True),
        HoursHeld.objects.create(academy=school.academy, day=date(2026, 9, 7), sessions=1, minutes=55),
        RosterImport.objects.create(
            school=school, kind="siecle", uploaded_by="system", state=RosterImport.State.READY
        ),
    ]


def all_models() -> list[str]:
    get_resolver()  # which has the admin's pages found
    return sorted(model._meta.label_lower for model in site._registry)


def addresses_of(label: str, row: Model) -> list[str]:
    """Return every address of a row's own: its page, and each of its acts."""
    page: Any = site._registry[apps.get_model(label)]
    base = f"{HOME}{label.replace('.', '/')}/{row.pk}/"
    return [f"{base}change/", *(f"{base}acte/{act.name}/" for act in page.acts)]


def test_every_page_of_the_administration_stands_in_the_matrix() -> None:
    assert set(all_models()) <= set(SEEN)


@pytest.mark.parametrize("role", ROLES)
def test_each_role_finds_the_rows_of_its_academie_and_no_other(world: World, role: str) -> None:
    browser = world.browsers[role]
    for label in all_models():
        for place, row in world.rows[label].items():
            page, *acts = addresses_of(label, row)
            seen = place in SEEN[label].get(role, set())
            answer = browser.get(page)
            if role == "anonymous":
                assert answer.status_code == 302 and answer["Location"].startswith("/connexion/")
            else:
                assert answer.status_code == (200 if seen else 404), (role, page)
            for address in acts:
                if not seen:
                    for reply in (
                        browser.get(address),
                        browser.post(address, {"reason": "Une bonne raison."}),
                    ):
                        assert reply.status_code == (302 if role == "anonymous" else 404), (role, address)


@pytest.mark.parametrize("role", ROLES)
def test_lists_show_nothing_of_another_academie(world: World, role: str) -> None:
    browser = world.browsers[role]
    for label in all_models():
        address = f"{HOME}{label.replace('.', '/')}/"
        for typed in ("", "jeanne", "dupont", "une.lyon", "lea@exemple.fr", "une.lyon@exemple.fr"):
            answer = browser.get(address, {"q": typed})
            places = SEEN[label].get(role, set())
            if role == "anonymous":
                assert answer.status_code == 302
                continue
            assert answer.status_code == (200 if places else 404), (role, address)
            for place, row in world.rows[label].items():
                if place not in places:
                    assert f"/{row.pk}/change/" not in answer.content.decode(), (role, address, typed)


@pytest.mark.parametrize("role", ["family", "support70", "dane70", "dpo"])
def test_refusals_look_the_same_whether_or_not_there_is_such_a_row(world: World, role: str) -> None:
    browser = world.browsers[role]
    for label in all_models():
        foreign = world.rows[label].get("lyon")
        if foreign is None:
            continue
        real = addresses_of(label, foreign)[0]
        unreal = real.replace(f"/{foreign.pk}/", "/987654321/")
        there, not_there = browser.get(real), browser.get(unreal)
        if "lyon" in SEEN[label].get(role, set()):
            continue
        assert there.status_code == not_there.status_code == 404
        # But for the token of its forms and the address it was asked for, it is one page.
        pages = [
            re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", answer.content.decode()).replace(asked, "…")
            for answer, asked in ((there, real), (not_there, unreal))
        ]
        assert pages[0] == pages[1]
        assert "messages" not in there.cookies and "messages" not in not_there.cookies


@pytest.mark.parametrize("broken", ["0", "-1", "abc", "9" * 30, "1/../2", "%00", "1_2"])
def test_ids_that_are_none_are_not_found(world: World, broken: str) -> None:
    for label in all_models():
        address = f"{HOME}{label.replace('.', '/')}/{broken}/"
        for end in ("change/", "acte/suspendre/"):
            assert world.browsers["national"].get(address + end).status_code == 404, address


@pytest.mark.parametrize("role", ["dane70", "support70", "dpo", "national"])
def test_no_column_can_be_guessed_at_through_the_address(world: World, role: str) -> None:
    browser = world.browsers[role]
    for guess in (
        "password__startswith=argon2",
        "link_secret__gt=a",
        "user__password__contains=a",
        "is_active=1",
    ):
        for label in all_models():
            answer = browser.get(f"{HOME}{label.replace('.', '/')}/?q=jeanne&{guess}")
            assert answer.status_code in (400, 404), (label, guess)


def test_rows_of_another_academie_are_left_alone_when_ticked(world: World) -> None:
    ours, theirs = (world.rows["accounts.registration"][place] for place in ("normandie", "lyon"))
    Message.objects.update(created_at="2026-01-01T12:00Z")
    before = Message.objects.count()
    ticked = {"action": "renvoyer", "_selected_action": [str(ours.pk), str(theirs.pk)], "select_across": "1"}
    said = {"_reason_given": "1", "reason": "Une bonne raison."}
    asked = world.browsers["dane70"].post(f"{HOME}accounts/registration/", ticked)
    assert "Jeanne" in asked.content.decode() and "Léonide" not in asked.content.decode()
    answer = world.browsers["dane70"].post(f"{HOME}accounts/registration/", {**ticked, **said}, follow=True)
    assert "(1)" in answer.content.decode()
    assert Message.objects.count() == before + 1
    assert Message.objects.latest("id").to == "jeanne@exemple.fr"


def test_nothing_is_deleted_added_or_changed_by_djangos_own_forms(world: World) -> None:
    """Extra fields, and the forms Django would have: the rows stay as they were."""
    for label in all_models():
        model = apps.get_model(label)
        before = list(model._default_manager.order_by("pk").values())
        row = next(iter(world.rows[label].values()))
        base = f"{HOME}{label.replace('.', '/')}/"
        for end in (f"{row.pk}/change/", f"{row.pk}/delete/", f"{row.pk}/history/", ""):
            for sent in (
                {"is_staff": "on", "is_superuser": "on", "role": "national", "state": "sent", "_save": "1"},
                {"action": "delete_selected", "_selected_action": [str(row.pk)], "post": "yes"},
            ):
                world.browsers["national"].post(base + end, sent)
        assert list(model._default_manager.order_by("pk").values()) == before, label


def test_every_page_that_begins_a_row_answers(world: World) -> None:
    begun = {
        label: world.browsers["national"].get(f"{HOME}{label.replace('.', '/')}/add/").status_code
        for label in all_models()
    }
    assert set(begun.values()) <= {200, 404}, begun
    assert begun["accounts.policydocument"] == begun["accounts.wayin"] == 200


def test_only_names_of_pages_we_know_lead_into_the_administration() -> None:
    """Whoever adds an address there says it here: it stands behind the same door."""
    names: set[str] = set()

    def walk(patterns: list[Any]) -> None:
        for pattern in patterns:
            if isinstance(pattern, URLResolver):
                walk(pattern.url_patterns)
            elif isinstance(pattern, URLPattern) and pattern.name:
                names.add(pattern.name)

    walk(site.urls[0])
    models = {label.replace(".", "_") for label in all_models()}
    own = {"index", "login", "logout", "password_change", "jsi18n", "app_list"}
    for name in names - own:
        kinds = {name.removeprefix(f"{model}_") for model in models if name.startswith(f"{model}_")}
        pages = {"changelist", "add", "change", "act", "export", "resend_list", "preview", "load", "mapping"}
        assert kinds and kinds <= pages, name
