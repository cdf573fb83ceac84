"""A teacher makes classes and sessions, changes them, renews a link, invites (SCREENS B2 to B4)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone
from psycopg2.extras import DateTimeTZRange

from accounts.models import User
from notifications.letters import Context, renderer
from notifications.models import Message
from schools.models import Academy, Division, StaffDivision
from virtual_classes import lookalikes, scheduling
from virtual_classes.clock import zone_of
from virtual_classes.models import ClassRules, ClassSession, Membership, VirtualClass

from .conftest import by_link, knock, link, signed_in, teacher_of
from .test_standing_at_the_door import text
from .test_who_may_teach import NEW, new_class

pytestmark = pytest.mark.django_db
Planned = Callable[..., ClassSession]


def settings_sent(**changes: Any) -> dict[str, Any]:
    said = {
        "title": "Français",
        "mode": "account",
        "has_lobby": "on",
        "parents": "waiting",
        "capacity": "40",
        "opens_before": "10",
        "provider": "made_up",
    }
    return {**said, **changes}


def test_the_same_form_sent_twice_makes_one_class(teacher: User, division: Division) -> None:
    browser = signed_in(teacher)
    said = new_class(division=str(division.public_id))
    first, second = (browser.post(NEW, said) for _time in range(2))
    assert first.url == second.url
    assert VirtualClass.objects.count() == ClassSession.objects.count() == 1


def test_nothing_typed_is_lost_when_something_is_wrong(teacher: User) -> None:
    said = new_class(title="Mon cours du jeudi", day="31/02/2026", starts="25:00", capacity="0")
    del said["now"]
    page = signed_in(teacher).post(NEW, said).content.decode().replace("\xa0", " ")
    for sentence in (
        "Écrivez le jour comme",
        "Écrivez l’heure comme",
        "au moins une place",
        "Mon cours du jeudi",
    ):
        assert sentence in page
    assert not VirtualClass.objects.exists()


def test_neither_class_nor_session_is_kept_when_the_hour_is_taken(teacher: User, planned: Planned) -> None:
    planned()
    page = signed_in(teacher).post(NEW, new_class()).content.decode().replace("\xa0", " ")
    assert "il y a déjà « Français 6 A »" in page
    assert VirtualClass.objects.count() == 1


def test_no_teacher_and_no_division_is_in_two_places_at_once(
    teacher: User, person: Callable[..., User], division: Division, planned: Planned
) -> None:
    planned()
    colleague = teacher_of(person, division, "Paul", "Petit")
    with pytest.raises(scheduling.Overlap):  # the teacher, in a class of their own
        planned(of=None, after=30)
    with pytest.raises(scheduling.Overlap):  # the division, with another teacher
        planned(by=colleague, after=30)
    planned(by=colleague, of=None, after=30)
    planned(after=55)  # right after it
    with pytest.raises(IntegrityError), transaction.atomic():  # the database itself
        row = ClassSession.objects.order_by("pk")[0]
        row.pk, row.public_id, row.submission, row._state.adding = None, uuid4(), uuid4(), True
        row.save()


def test_a_session_that_ended_or_was_cancelled_leaves_its_hour_free(teacher: User, planned: Planned) -> None:
    scheduling.cancel(planned(), by=teacher)
    assert planned().state == "planned"


def test_the_teachers_of_a_division_share_its_class_and_nobody_else_sees_it(
    teacher: User, person: Callable[..., User], division: Division, planned: Planned
) -> None:
    session = planned()
    page = f"/classes/{session.virtual_class.public_id}/"
    assert signed_in(teacher_of(person, division, "Paul", "Petit")).get(page).status_code == 200
    other = Division.objects.create(school=division.school, school_year=division.school_year, code="5B")
    stranger = signed_in(teacher_of(person, other, "Luc", "Noir"))
    for address in (
        page,
        *(f"{page}{end}/" for end in ("reglages", "projeter", "inviter", "fermer")),
        *(f"/classes/seances/{session.public_id}/{end}" for end in ("", "porte/", "salle/", "appel/")),
    ):
        assert stranger.get(address).status_code == 404, address
        assert Client().get(address).status_code == 302, address
    for address in (f"{page}lien/", f"{page}fermer/", f"/classes/seances/{session.public_id}/"):
        assert stranger.post(address, {"act": "end"}).status_code == 404, address


def test_a_renewed_link_closes_the_old_one_at_once(teacher: User, planned: Planned, client: Client) -> None:
    session = by_link(planned())
    old = link(session)
    waiting = Client()
    knock(waiting, session, name="Zoé Petit")
    signed_in(teacher).post(f"/classes/{session.virtual_class.public_id}/lien/")
    session.virtual_class.refresh_from_db()
    assert link(session) != old
    assert client.get(old).status_code == 404 and client.get(link(session)).status_code == 200
    assert session.entries.get().state == "left"


def test_a_link_cannot_be_guessed_or_bent(planned: Planned, client: Client) -> None:
    address = link(planned())
    token = address.split("/")[-2]
    for place in range(0, 48, 3):
        bent = token[:place] + ("A" if token[place] != "A" else "B") + token[place + 1 :]
        assert client.get(f"/classe/lien/{bent}/").status_code == 404
    for nonsense in ("x", "é" * 48, token[:-1], token + "A", "%00"):
        assert client.get(f"/classe/lien/{nonsense}/").status_code == 404


def test_another_mode_closes_the_link_and_is_what_the_rules_allow(
    teacher: User, division: Division, planned: Planned, client: Client
) -> None:
    session = planned()
    old, page = link(session), f"/classes/{session.virtual_class.public_id}/reglages/"
    browser = signed_in(teacher)
    assert browser.post(page, settings_sent(mode="link")).status_code == 200
    ClassRules.objects.create(academy=division.school.academy, degree="second", by_link=True, by_account=True)
    assert browser.post(page, settings_sent(mode="link", capacity="12")).status_code == 302
    session.virtual_class.refresh_from_db()
    session.refresh_from_db()
    assert (session.virtual_class.mode, session.capacity) == ("link", 12)
    assert client.get(old).status_code == 404


def test_twenty_fields_more_change_nothing(teacher: User, planned: Planned) -> None:
    virtual_class = planned().virtual_class
    names = (
        "academy teacher teacher_id school school_id degree is_staff link_secret public_id closed_at "
        "division division_id school_year created_at user role moderator id pk submission state"
    )
    more = dict.fromkeys(names.split(" "), "1")
    before = VirtualClass.objects.values().get()
    signed_in(teacher).post(f"/classes/{virtual_class.public_id}/reglages/", settings_sent(**more))
    after = VirtualClass.objects.values().get()
    assert {name for name in before if before[name] != after[name]} == {"title"}


@pytest.mark.parametrize(
    ("title", "may"),
    [
        ("L’été à L'Haÿ-les-Roses 🙂", True),
        ("<script>alert(1)</script>", True),
        ("a\u202eb", False),
        ("a\x00b", False),
        ("   ", False),
        ("x" * 101, False),
    ],
)
def test_a_title_is_one_line_that_can_be_seen(teacher: User, title: str, may: bool) -> None:
    browser = signed_in(teacher)
    answer = browser.post(NEW, new_class(title=title))
    assert VirtualClass.objects.exists() is may
    if may:
        page = browser.get(answer.url).content.decode()
        assert "<script>alert" not in page


def test_hours_are_those_of_the_school(portal: None) -> None:
    codes = set(Academy.objects.values_list("code", flat=True))
    assert {"28", "31", "32", "33", "40", "41", "42", "43", "44"} <= codes
    names = {code: str(zone_of(code)) for code in codes}
    for code, name in names.items():
        said = Academy.objects.get(code=code).name
        assert (name == "Europe/Paris") is (int(code) < 28 or code == "70"), said


def test_an_invitation_goes_to_addresses_and_says_nothing_of_accounts(
    teacher: User, pupil: Callable[..., User], planned: Planned
) -> None:
    session = planned()
    pupil("Zoé", "Petit")
    page = f"/classes/{session.virtual_class.public_id}/inviter/"
    browser = signed_in(teacher)
    answers = []
    for name in ("zoe.petit", "personne.dutout"):
        answer = browser.post(page, {"people": f"{name}\nMamie@Exemple.fr, papi@exemple.fr"}, follow=True)
        answers.append(answer.content.decode().partition("<main")[2].partition("Séances")[0])
    assert answers[0].count("C’est noté") == answers[1].count("C’est noté") == 1
    assert {each.name for each in Membership.objects.exclude(name="")} == {"zoe.petit", "personne.dutout"}
    letter = Message.objects.filter(kind="virtual_classes.invitation", to="mamie@exemple.fr").first()
    assert letter is not None
    written = renderer(letter.kind)(Context(letter.reference, letter.to, letter.language, letter.created_at))
    assert link(session) in written.text and link(session) in written.html
    assert "Claire Dubois" in written.text and "Français 6 A" not in written.text + written.subject
    wrong = browser.post(page, {"people": "pas une adresse@\nzoe.petit"}).content.decode()
    assert "À corriger" in wrong and "pas une adresse@" in wrong


def test_pupils_of_ones_other_divisions_are_ticked_and_taken_back(
    teacher: User,
    person: Callable[..., User],
    pupil: Callable[..., User],
    division: Division,
    planned: Planned,
) -> None:
    group = Division.objects.create(
        school=division.school, school_year=division.school_year, code="5B", name="5 B"
    )
    other = Division.objects.create(school=division.school, school_year=division.school_year, code="4C")
    assert teacher.staff_member is not None
    StaffDivision.objects.create(member=teacher.staff_member, division=group)
    tom, stranger = pupil("Tom", "Petit", within=group), pupil("Luc", "Noir", within=other)
    assert tom.student is not None and stranger.student is not None
    session = planned()
    page = f"/classes/{session.virtual_class.public_id}/inviter/"
    browser = signed_in(teacher)
    shown = browser.get(page).content.decode()
    assert "Cocher des élèves de 5 B" in shown and "Tom Petit" in shown and "Luc Noir" not in shown
    ticked = [str(tom.student.public_id), str(stranger.student.public_id)]
    assert browser.post(page, {"pupil": ticked}).status_code == 302
    assert browser.post(page, {"pupil": ticked}).status_code == 302
    row = Membership.objects.get()
    assert row.student == tom.student
    assert "Français 6 A" in signed_in(tom).get("/classes/").content.decode()
    signed_in(teacher_of(person, other, "Paul", "Roche")).post(page, {"remove": str(row.pk)})
    assert Membership.objects.exists()
    browser.post(page, {"remove": str(row.pk)})
    browser.post(page, {"remove": "x"})
    assert not Membership.objects.exists()


def test_a_mailbox_gets_three_invitations_a_day(teacher: User, planned: Planned) -> None:
    page = f"/classes/{planned().virtual_class.public_id}/inviter/"
    browser = signed_in(teacher)
    for tag in "abcde":
        browser.post(page, {"people": f"papi+{tag}@exemple.fr"})
    assert Message.objects.filter(kind="virtual_classes.invitation").count() == 3


def test_the_square_to_project_stands_in_the_page_and_asks_nobody(teacher: User, planned: Planned) -> None:
    page = signed_in(teacher).get(f"/classes/{planned().virtual_class.public_id}/projeter/")
    assert 'src="data:image/svg+xml;base64,' in page.content.decode()
    assert page["Referrer-Policy"] == "strict-origin"


def test_a_closed_class_opens_nothing_any_more(teacher: User, planned: Planned, client: Client) -> None:
    session = planned()
    old = link(session)
    page = f"/classes/{session.virtual_class.public_id}/fermer/"
    browser = signed_in(teacher)
    browser.get(page)
    assert VirtualClass.objects.get().closed_at is None
    browser.post(page)
    browser.post(page)
    session.refresh_from_db()
    assert session.state == "cancelled" and client.get(old).status_code == 404


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("Claire Dubois", "teacher"),
        ("CIaire Dubois", "teacher"),  # a capital I
        ("Mme Duboís", "teacher"),
        ("Dubois Claire", "teacher"),
        ("Claire Duboiss", "teacher"),
        ("Clalre Dubols", "teacher"),
        ("Léa Moreau", "pupil"),
        ("MOREAU Lea", "pupil"),
        ("Lea Morreau", "pupil"),
        ("Léa Martin", ""),
        ("Tom Dupont", ""),
        ("Zoé", ""),
    ],
)
def test_names_made_to_look_like_another_are_seen(typed: str, found: str) -> None:
    said = lookalikes.resembles(typed, teachers=["Claire Dubois"], pupils=["Léa Moreau", "Tom Petit"])
    assert said == found


def test_of_two_hours_that_touch_neither_is_in_the_other(planned: Planned, teacher: User) -> None:
    session = planned()
    found = scheduling.clashes_with(
        by=teacher, division=None, starts_at=session.ends_at, lasts=timedelta(minutes=5)
    )
    assert found is None and isinstance(session.during, DateTimeTZRange)
    assert timezone.is_aware(session.starts_at)


def test_a_pupil_whom_no_class_awaits_reads_that_one_will_be_found_here(
    pupil: Callable[..., User], person: Callable[..., User]
) -> None:
    page = text(signed_in(pupil()).get("/mon-espace/"))
    assert "Pas de classe pour le moment." in page
    assert "Pas de classe" not in text(signed_in(person("un.pere")).get("/mon-espace/"))
