"""A head sees their school, and lets a colleague help (SAFETY T35, T36, T50, T53)."""

from __future__ import annotations

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import local_admins, personal_data
from accounts.models import Area, LocalAdmin, OtherPost, Power, User
from audit.models import Record
from notifications import letters
from notifications.letters import Context
from notifications.models import Message
from schools import own_school
from schools.models import Division, StaffMember
from tests.guardians.conftest import school

from .conftest import portal as portal
from .heads import HOME, account, browser_of, colleague, head_of, helper_of, pupil, text_of
from .staff import appoint, staff_client

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("portal")]
STAFF = f"{HOME}personnel/"
OTHER = "0690001B"
PAGES = ("", "personnel/", "eleves/", "demandes/", "classes-virtuelles/", "fichiers/", "securite/")


def page_of(member: StaffMember, end: str = "") -> str:
    return f"{STAFF}{member.public_id}/{end}"


def letters_of(number: int) -> str:
    return f"P{number:03d}".translate(str.maketrans("0123456789", "abcdefghij"))


def name(member: StaffMember, *areas: str, by: User) -> None:
    local_admins.set_areas(member, areas, by=by)


# --- one way through ------------------------------------------------------------------------------


def test_every_page_of_a_school_is_registered_once_and_in_order() -> None:
    """A list to read in review: who has the power reads the page."""
    assert [(page.name, str(page.power)) for page in own_school.registered()] == [
        ("own_school_staff", "look_after_staff"),
        ("own_school_pupils", "answer_families"),
        ("own_school_requests", "answer_families"),
        ("own_school_letters", "give_letters"),
        ("own_school_classes", "rule_classes"),
        ("own_school", "import_rosters"),
        ("own_school_reset", "reset_school"),
    ]


def test_a_head_finds_the_numbers_of_the_school_and_a_way_to_each_page() -> None:
    at = school()
    browser = browser_of(head_of(at))
    colleague(at, "Nadia")
    account("Léa", student=pupil(at, "Léa"))
    User.objects.filter(first_name="Léa").update(last_login=Now())
    pupil(at, "Hugo")
    pupil(school(OTHER, "École Jean Macé"), "Zoé")
    Division.objects.create(school=at, school_year=2026, code="3 A")
    said = text_of(browser.get(HOME))
    for words in (
        "Membres du personnel 2",
        "Élèves 2",
        "Élèves déjà connectés 1",
        "Classes et groupes 1",
        "Demandes à traiter 0",
    ):
        assert words in said
    shown = browser.get(HOME).content.decode()
    for page in PAGES:
        assert f'href="{HOME}{page}"' in shown
        assert browser.get(f"{HOME}{page}").status_code == 200
    assert "Ouvrir mon établissement" in text_of(browser.get("/mon-espace/"))


def test_the_first_page_asks_one_statement_of_each_app() -> None:
    at = school()
    browser = browser_of(head_of(at))

    def statements() -> int:
        browser.get(HOME)
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(HOME).status_code == 200
        return len(captured)

    few = statements()
    for number in range(30):
        child = pupil(at, f"Élève{chr(97 + number % 26)}")
        account("Ana", student=child)
        colleague(at, f"Prof{chr(97 + number % 26)}")
    assert statements() == few <= 8


def test_nobody_else_finds_any_of_it(portal: None) -> None:
    teacher = helper_of(colleague(school(), "Nadia"))
    former = helper_of(colleague(school(), "Ali", "head", gone_at=Now(), access_until=Now()))
    dane = appoint(None, "dane", "70")
    for user in (teacher, former, account("Jeanne")):
        user.sign_in_names.update(authority="educonnect")
        for page in PAGES:
            assert browser_of(user).get(f"{HOME}{page}").status_code == 404, page
    # The DANE comes by the administration, and has no school of its own.
    assert staff_client(dane).get(HOME).status_code == 404


# --- the staff ------------------------------------------------------------------------------------


def test_the_staff_is_listed_with_what_a_head_may_know_and_no_more() -> None:
    at = school()
    browser = browser_of(head_of(at))
    member = colleague(at, "Nadia", identifier="nroux", mobile="+33612345678")
    division = Division.objects.create(school=at, school_year=2026, code="3 A")
    member.divisions.add(division)
    said = text_of(browser.get(STAFF))
    assert "Nadia ROUX — Enseignant, 3 A" in said and "Ne s’est pas encore connecté." in said
    user = helper_of(member)
    User.objects.filter(pk=user.pk).update(last_login="2026-10-14T07:53:12Z")
    said = text_of(browser.get(STAFF))
    assert "Dernière connexion : octobre 2026." in said and "Double vérification : non." in said
    assert "14" not in said and "53" not in said
    said = text_of(browser.get(page_of(member)))
    assert "nroux" in said and "Téléphone portable +33612345678" in said
    read = Record.objects.get(act="staff.read")
    assert (read.subject, read.academy) == (member.subject, "70")


def test_a_member_of_another_school_is_not_there() -> None:
    head = head_of()
    elsewhere = colleague(school(OTHER, "École Jean Macé"), "Zoé")
    browser = browser_of(head)
    assert "Zoé" not in text_of(browser.get(STAFF))
    for end in ("", "aide/"):
        assert browser.get(page_of(elsewhere, end)).status_code == 404
    assert browser.post(page_of(elsewhere, "aide/"), {"letters": "on"}).status_code == 404
    with pytest.raises(local_admins.NotAllowed):
        name(elsewhere, "letters", by=head)


def test_a_large_staff_is_paged_in_the_order_of_names_and_searched() -> None:
    at = school()
    browser = browser_of(head_of(at))
    for number in range(119):  # forty of each name: a page ends among people of one name
        colleague(at, letters_of(number // 40), family_name="ABADIE")
    seen: list[StaffMember] = []
    page = STAFF
    for _turn in range(5):
        leaf = browser.get(page).context["leaf"]
        seen += leaf.rows
        if not leaf.after:
            break
        page = f"{STAFF}?apres={leaf.after}"
    assert len({row.pk for row in seen}) == len(seen) == 120
    assert [row.first_name for row in seen[:-1]] == sorted(row.first_name for row in seen[:-1])
    for broken in ("abc", "0", "%00", str(head_of(school(OTHER, "École")).public_id)):
        assert browser.get(f"{STAFF}?apres={broken}").context["leaf"].rows[0] == seen[0]
    assert [row.first_name for row in browser.get(f"{STAFF}?q=samir").context["leaf"].rows] == ["Samir"]
    assert "Personne de votre établissement" in text_of(browser.get(f"{STAFF}?q=inconnue"))


def test_the_list_is_read_by_indexes() -> None:
    browser = browser_of(head_of())
    with connection.cursor() as cursor:
        cursor.execute("SET enable_seqscan = off")
    try:
        for page in (STAFF, f"{STAFF}?q=samir"):
            with CaptureQueriesContext(connection) as captured:
                browser.get(page)
            asked = [each["sql"] for each in captured if 'FROM "schools_staffmember"' in each["sql"]]
            assert asked
            with connection.cursor() as cursor:
                for statement in asked:
                    cursor.execute(f"EXPLAIN {statement}".replace("%", "%%"))
                    plan = "\n".join(line for (line,) in cursor.fetchall())
                    assert "Seq Scan" not in plan, plan
    finally:
        with connection.cursor() as cursor:
            cursor.execute("RESET enable_seqscan")


# --- who helps ------------------------------------------------------------------------------------


def test_a_head_names_a_colleague_who_then_does_that_and_nothing_else() -> None:
    at = school()
    head, member = head_of(at), colleague(at, "Nadia")
    helper = browser_of(helper_of(member))
    assert helper.get(f"{HOME}eleves/").status_code == 404
    answer = browser_of(head).post(page_of(member, "aide/"), {"families": "on"})
    assert answer.status_code == 302 and answer["Location"] == page_of(member)
    assert "Administrateur local" in text_of(browser_of(head).get(STAFF))
    for page, status in (
        ("", 200), ("eleves/", 200), ("demandes/", 200), ("personnel/", 404), ("fichiers/", 404),
        ("securite/", 404), (f"personnel/{member.public_id}/aide/", 404),
    ):  # fmt: skip
        assert helper.get(f"{HOME}{page}").status_code == status, page
    shown = helper.get(HOME).content.decode()
    assert f'href="{HOME}eleves/"' in shown and f'href="{HOME}fichiers/"' not in shown
    user = User.objects.get(staff_member=member)
    assert user.scope(Power.ANSWER_FAMILIES).schools == {at.uai} and not user.scope(Power.GIVE_LETTERS)
    given = Record.objects.get(act="local_admin.given")
    assert (given.actor, given.subject, given.fields) == (head.subject, member.subject, ["families"])
    assert Message.objects.get(kind="accounts.local_admin_changed").to == user.address()


def test_the_same_again_changes_nothing_and_writes_to_nobody() -> None:
    at = school()
    head, member = head_of(at), colleague(at, "Nadia")
    helper_of(member)
    for _twice in range(2):
        name(member, "letters", "families", by=head)
    assert LocalAdmin.objects.count() == 2 and Message.objects.count() == 1
    assert Record.objects.filter(act="local_admin.given").count() == 2


def test_the_head_ends_it_at_once() -> None:
    at = school()
    head, member = head_of(at), colleague(at, "Nadia")
    name(member, "families", by=head)
    helper = browser_of(helper_of(member))
    assert helper.get(f"{HOME}demandes/").status_code == 200
    browser_of(head).post(page_of(member, "aide/"), {})
    assert helper.get(f"{HOME}demandes/").status_code == 404
    assert Record.objects.filter(act="local_admin.taken", actor=head.subject).count() == 1
    name(member, "families", by=head)
    assert helper.get(f"{HOME}demandes/").status_code == 200


def test_who_leaves_loses_it_and_does_not_find_it_again() -> None:
    at = school()
    head, member = head_of(at), colleague(at, "Nadia")
    name(member, "families", by=head)
    helper = browser_of(helper_of(member))
    StaffMember.objects.filter(pk=member.pk).update(gone_at=Now(), access_until=Now())
    assert helper.get(f"{HOME}demandes/").status_code == 404
    local_admins.end_of_who_left()
    StaffMember.objects.filter(pk=member.pk).update(gone_at=None, access_until=None)
    assert helper.get(f"{HOME}demandes/").status_code == 404
    assert Record.objects.get(act="local_admin.taken").actor == "system"


def test_naming_asks_for_the_password_before_the_page_and_not_after() -> None:
    at = school()
    head, member = head_of(at), colleague(at, "Nadia")
    answer = browser_of(head, proved=False).get(page_of(member, "aide/"))
    assert answer["Location"].startswith("/mon-compte/identite/?next=")
    answer = browser_of(head, proved=False).post(page_of(member, "aide/"), {"letters": "on"})
    assert answer.status_code == 302 and not LocalAdmin.objects.exists()


def test_a_head_is_no_local_admin_and_a_helper_names_nobody() -> None:
    at = school()
    head, second, member = head_of(at), head_of(at, "Anne"), colleague(at, "Nadia")
    assert second.staff_member is not None
    with pytest.raises(local_admins.NotAllowed):
        name(second.staff_member, "letters", by=head)
    assert browser_of(head).get(page_of(second.staff_member, "aide/")).status_code == 404
    name(member, "letters", "families", by=head)
    helper = helper_of(member)
    other = colleague(at, "Ali")
    with pytest.raises(local_admins.NotAllowed):
        name(other, "letters", by=User.objects.get(pk=helper.pk))
    with pytest.raises(local_admins.NotAllowed):
        name(other, "letters", by=appoint(None, "dane", "70"))


def test_what_was_given_is_handed_over_with_ones_data_and_goes_with_the_record() -> None:
    at = school()
    member = colleague(at, "Nadia")
    name(member, "letters", by=head_of(at))
    user = helper_of(member)
    known = personal_data.export(User.objects.get(pk=user.pk))["staff_member"]
    assert [each["area"] for each in known["local_admin"]] == ["letters"]
    member.delete()
    assert not LocalAdmin.objects.exists()


def test_the_letter_to_a_helper_says_who_decides() -> None:
    at = school()
    member = colleague(at, "Nadia")
    user = helper_of(member)
    name(member, "letters", by=head_of(at))
    message = Message.objects.get(kind="accounts.local_admin_changed")
    letter = letters.renderer(message.kind)(
        Context(str(user.public_id), message.to, "fr", message.created_at)
    )
    assert "chef d’établissement" in letter.text and "Nadia Roux" in letter.text


def test_a_head_of_two_schools_chooses_which_one_the_pages_are_about() -> None:
    head = head_of()
    second = school("0690001B", "École Jean Macé")
    OtherPost.objects.create(user=head, staff_member=colleague(second, "Samir", "head"))
    colleague(second, "Farida")
    browser = browser_of(head)
    assert "Farida" not in text_of(browser.get(f"{HOME}personnel/"))
    assert "Changer d’établissement" in text_of(browser.get(HOME))
    assert browser.post(HOME, {"school": str(second.public_id)})["Location"] == HOME
    assert "Farida" in text_of(browser.get(f"{HOME}personnel/"))
    elsewhere = school("0750001U", "École Voltaire")
    for nobodys in (str(elsewhere.public_id), "x", ""):
        assert browser.post(HOME, {"school": nobodys}).status_code == 404
    assert "Farida" in text_of(browser.get(f"{HOME}personnel/"))


def test_what_one_may_do_for_one_school_is_not_done_for_the_other() -> None:
    head = head_of()
    second = school("0690001B", "École Jean Macé")
    post = colleague(second, "Samir", "other")
    OtherPost.objects.create(user=head, staff_member=post)
    LocalAdmin.objects.create(member=post, area=Area.LETTERS, given_by=head)
    browser = browser_of(head)
    browser.post(HOME, {"school": str(second.public_id)})
    page = text_of(browser.get(HOME))
    assert "Lettres" in page and "Sécurité" not in page
    assert browser.get(f"{HOME}lettres/").status_code == 200
    assert browser.get(f"{HOME}securite/").status_code == 404
    assert browser.get(f"{HOME}personnel/").status_code == 404


def test_a_link_to_something_of_ones_other_school_opens_there_and_chooses_nothing() -> None:
    head = head_of()
    second = school("0690001B", "École Jean Macé")
    OtherPost.objects.create(user=head, staff_member=colleague(second, "Samir", "head"))
    farida, nadia = colleague(second, "Farida"), colleague(school(), "Nadia")
    browser = browser_of(head)
    page = text_of(browser.get(page_of(farida)))
    assert "Farida" in page and "un autre de vos établissements" in page and "Aller à « École Jean" in page
    assert "Vue d’ensemble" not in page  # which would be about the other school
    assert "Nadia" in text_of(browser.get(STAFF))  # nothing was chosen by following a link (no state by GET)
    assert "Vue d’ensemble" in text_of(browser.get(page_of(nadia)))
    answer = browser.post(page_of(farida, "aide/"), {"letters": "on"})
    assert answer.status_code == 302 and local_admins.areas_of(farida) == ["letters"]
    browser.post(HOME, {"school": str(second.public_id)})
    assert "Farida" in text_of(browser.get(STAFF)) and "Nadia" in text_of(browser.get(page_of(nadia)))


def test_a_link_opens_nothing_where_one_may_not_do_that() -> None:
    head = head_of()
    second, third = school("0690001B", "École Jean Macé"), school("0750001U", "École Voltaire")
    post = colleague(second, "Samir", "other")
    OtherPost.objects.create(user=head, staff_member=post)
    LocalAdmin.objects.create(member=post, area=Area.LETTERS, given_by=head)
    browser = browser_of(head)
    for member in (colleague(second, "Farida"), colleague(third, "Anne")):
        assert browser.get(page_of(member)).status_code == 404
        assert browser.post(page_of(member, "aide/"), {"letters": "on"}).status_code == 404
    assert browser.get(f"{HOME}lettres/").status_code == 200


def test_the_doors_of_the_ent_lead_back_to_the_choice_of_profile() -> None:
    for door in ("/eleves/connexion/", "/personnels/70/connexion/", "/lettre/"):
        assert 'href="/ent/"' in Client().get(door).content.decode()
