"""Staff find people and sign-ups of their académie, by what a family says on the telephone."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.admin.registrations import RegistrationAdmin
from accounts.models import Enrolment, Registration, User
from schools.models import Academy, Department
from tests.accounts.conftest import Family
from tests.accounts.staff import appoint, staff_client
from tests.back_office.plans import explained, settle

pytestmark = pytest.mark.django_db
PEOPLE, SIGN_UPS = "/administration/accounts/user/", "/administration/accounts/registration/"
ROWS = 20_000
BIG = "accounts_user|accounts_registration|accounts_enrolment|accounts_signinname|account_emailaddress"


def page(browser: Client, address: str, typed: str = "", **more: str) -> str:
    answer = browser.get(address, {**({"q": typed} if typed else {}), **more})
    assert answer.status_code == 200
    return answer.content.decode().replace("\xa0", " ")


def found(browser: Client, address: str, typed: str = "") -> set[int]:
    """Return the keys of the rows that a list shows."""
    return {int(key) for key in re.findall(rf'href="{address}(\d+)/change/', page(browser, address, typed))}


@pytest.fixture
def dane(portal: None) -> Client:
    return staff_client(appoint(None, "dane", "70"))


@pytest.fixture
def zoe(person: Callable[..., User]) -> User:
    user = person("zoe.o-neill", address="zoe.oneill@exemple.fr")
    User.objects.filter(pk=user.pk).update(first_name="Zoé-Œlya", last_name="O’Neill Lefèvre")
    return user


def test_nobody_is_listed_before_they_are_looked_for(dane: Client, zoe: User) -> None:
    for typed in ("", "   "):
        shown = page(dane, PEOPLE, typed)
        assert found(dane, PEOPLE, typed) == set()
        assert "Cherchez d’abord" in shown and "Zoé" not in shown


@pytest.mark.parametrize(
    "typed",
    [
        "zoe", "ZOÉ", "zoe oelya", "lefevre", "Lefèvre Zoé", "lefev", "neill", "o'neill", "O’NEILL", "oel",
        "zoe.o-neill", "Zoe.O-Neill ", "zoe.oneill@exemple.fr", " ZOE.oneill@Exemple.fr",
    ],
)  # fmt: skip
def test_somebody_is_found_by_name_user_name_or_address(
    dane: Client, zoe: User, person: Callable[..., User], typed: str
) -> None:
    person("autre.personne")
    assert found(dane, PEOPLE, typed) == {zoe.pk}


@pytest.mark.parametrize(
    "typed",
    [
        "martin",
        "zoe martin",
        "oe",
        "le",
        "z",
        "oneill@exemple.fr",
        "zoe@",
        "@",
        "%",
        "*",
        "' OR 1=1 --",
        "\0",
        "&!",
    ],
)
def test_nobody_else_is_found(dane: Client, zoe: User, typed: str) -> None:
    assert found(dane, PEOPLE, typed) == set()


def test_people_of_another_academie_are_not_found(zoe: User) -> None:
    lyon = staff_client(appoint(None, "dane", "10"))
    for typed in ("zoe", "zoe.o-neill", "zoe.oneill@exemple.fr"):
        assert found(lyon, PEOPLE, typed) == set()
    both = staff_client(appoint(appoint(None, "dane", "10"), "support", "70"))
    assert found(both, PEOPLE, "zoe") == {zoe.pk}
    assert found(staff_client(appoint(None, "national")), PEOPLE, "zoe") == {zoe.pk}


def test_who_has_no_academie_is_found_by_national_staff_only(dane: Client, zoe: User) -> None:
    Enrolment.objects.filter(user=zoe).update(academy=None, department=None, country="DE")
    assert found(dane, PEOPLE, "zoe") == set()
    assert found(staff_client(appoint(None, "national")), PEOPLE, "zoe") == {zoe.pk}


def test_sign_ups_that_wait_are_listed_newest_first_and_found(dane: Client, family: Family) -> None:
    family.sign_up()
    Family(browser=Client()).sign_up(username="leo.martin", address="leo@exemple.fr", first_name="Léo")
    first, second = Registration.objects.order_by("pk")
    shown = page(dane, SIGN_UPS)
    assert shown.index(f"{second.pk}/change/") < shown.index(f"{first.pk}/change/")
    for typed in ("leo", "LEO dup", "leo.martin", "Leo@exemple.fr"):
        assert found(dane, SIGN_UPS, typed) == {second.pk}
    second.confirmed_at = second.created_at
    second.save(update_fields=["confirmed_at"])
    assert found(dane, SIGN_UPS) == {first.pk}
    assert dane.get(f"{SIGN_UPS}{second.pk}/change/").status_code == 404


# --- at many rows --------------------------------------------------------------------------------


@pytest.fixture
def crowd(family: Family, person: Callable[..., User]) -> None:
    """Twenty thousand people and as many sign-ups that wait, over every académie; statistics up to date."""
    family.sign_up()
    person("autre.personne")
    given = {
        "id",
        "public_id",
        "submission",
        "first_name",
        "last_name",
        "address",
        "search_key",
        "academy_id",
    }
    copied = [field.column for field in Registration._meta.concrete_fields if field.column not in given]
    copies, kept = ", ".join(copied), ", ".join(f"r.{column}" for column in copied)
    # Half of them in Normandie, the others over all académies.
    place = (
        "(SELECT id FROM schools_academy WHERE i % 2 = 1 OR code = '70'"
        " ORDER BY i % 2, id LIMIT 1 OFFSET (i % 2) * (i / 2 % 30))"
    )
    with connection.cursor() as cursor:
        cursor.execute(f"""
            INSERT INTO accounts_user (public_id, username, password, first_name, last_name, language,
                                       is_active, is_staff, is_superuser, session_epoch, academy_id)
            SELECT gen_random_uuid(), 'u' || n, '!', 'Prénom' || (n % 997), 'Nom' || (n % 401), 'fr',
                   true, false, false, 0, places.academy
              FROM generate_series(1, {ROWS}) n
              JOIN (SELECT i, {place} AS academy FROM generate_series(0, 59) i) places ON n % 60 = places.i
        """)
        cursor.execute("""
            INSERT INTO accounts_enrolment (user_id, level, profile, school_year, country,
                                            academy_id, department_id)
            SELECT id, 'college', 'eleve', 2026, '', academy_id, (SELECT min(id) FROM schools_department)
              FROM accounts_user WHERE password = '!'
        """)
        cursor.execute("""
            INSERT INTO accounts_signinname (authority, name, user_id)
            SELECT 'mcm', username, id FROM accounts_user WHERE password = '!'
        """)
        cursor.execute("""
            INSERT INTO account_emailaddress (email, verified, "primary", user_id)
            SELECT username || '@exemple.fr', true, true, id FROM accounts_user WHERE password = '!'
        """)
        cursor.execute(f"""
            INSERT INTO accounts_registration ({copies}, public_id, submission, first_name, last_name,
                                               address, academy_id)
            SELECT {kept}, gen_random_uuid(), gen_random_uuid(), 'Prénom' || (i % 997), 'Nom' || (i % 401),
                   'r' || i || '@exemple.fr', {place}
              FROM accounts_registration r, generate_series(1, {ROWS}) i
        """)
    settle(*BIG.split("|"))


def statements_of(browser: Client, address: str, typed: str = "", **more: str) -> list[str]:
    """Return what a page asks of the big tables."""
    page(browser, address, typed, **more)  # once before, so that only what each page asks is looked at
    with CaptureQueriesContext(connection) as captured:
        page(browser, address, typed, **more)
    return [query["sql"] for query in captured if re.search(BIG, query["sql"])]


def plans_of(browser: Client, address: str, typed: str = "", **more: str) -> list[str]:
    """Return how PostgreSQL runs each statement of a page."""
    statements = statements_of(browser, address, typed, **more)
    assert statements
    plans = []
    for statement in statements:
        if not statement.startswith("SELECT"):
            continue
        if "COUNT(" in statement:
            assert "LIMIT 1001" in statement, statement
        plans.append(explained(statement))
    return plans


LISTS = [
    (PEOPLE, "nom17"), (PEOPLE, "prénom3 nom17"), (PEOPLE, "u77"), (PEOPLE, "u77@exemple.fr"),
    (SIGN_UPS, ""), (SIGN_UPS, "nom17"), (SIGN_UPS, "jeanne.dupont"), (SIGN_UPS, "r77@exemple.fr"),
]  # fmt: skip


@pytest.mark.parametrize(("role", "academy"), [("dane", "70"), ("support", "10"), ("national", None)])
def test_no_list_reads_a_table_from_end_to_end(crowd: None, role: str, academy: str | None) -> None:
    browser = staff_client(appoint(None, role, academy))
    for address, typed in LISTS:
        for plan in plans_of(browser, address, typed):
            assert not re.search(rf"Seq Scan on ({BIG})\b", plan), plan
            # In a small académie, sorting what there is costs nothing.
            if not typed and academy != "10" and 'FROM "accounts_registration"' in plan:
                assert "Sort" not in plan, plan


def test_whoever_is_called_so_elsewhere_is_not_even_read(crowd: None) -> None:
    browser = staff_client(appoint(None, "dane", "70"))
    [search] = [plan for plan in plans_of(browser, PEOPLE, "nom17") if "LIMIT 1001" in plan]
    [condition] = re.findall(r"on user_search .*\n +Index Cond: (.*)", search)
    assert "ARRAY[academy_id] &&" in condition and "to_tsvector" in condition, search


@pytest.mark.parametrize(("role", "academy"), [("dane", "70"), ("national", None)])
def test_people_are_looked_for_once_and_a_page_is_read_by_its_keys(
    crowd: None, role: str, academy: str | None
) -> None:
    browser = staff_client(appoint(None, role, academy))
    for address, table in ((PEOPLE, "accounts_user"), (SIGN_UPS, "accounts_registration")):
        asked = [each for each in statements_of(browser, address, "nom1") if "to_tsquery" in each]
        [search, read] = [each for each in asked if f'FROM "{table}"' in each]
        assert "LIMIT 1001" in search and f'"{table}"."id" IN (' in read, asked


def test_a_file_of_a_search_is_found_by_the_index_of_names(crowd: None) -> None:
    browser = staff_client(appoint(None, "national"))
    with CaptureQueriesContext(connection) as captured:
        answer = browser.post(f"{SIGN_UPS}exporter/?q=prénom17", {"reason": "Pour le rectorat."})
        lines = b"".join(answer.streaming_content).decode().splitlines()
    assert len(lines) > 200
    [cursor] = [each["sql"] for each in captured if " CURSOR " in each["sql"]]
    assert "Bitmap Index Scan on registration_search" in explained(cursor)


def test_pages_follow_each_other_without_gap_or_repetition(crowd: None) -> None:
    browser = staff_client(appoint(None, "dane", "70"))
    shown = [
        [int(key) for key in re.findall(r"user/(\d+)/change/", page(browser, PEOPLE, "nom", p=str(number)))]
        for number in (1, 2, 3, 20)
    ]
    assert [len(keys) for keys in shown] == [50] * 4
    [first, second, third, last] = shown
    assert first + second + third == sorted({*first, *second, *third}, reverse=True)
    assert max(last) < min(third)


def test_somebody_who_moved_is_found_where_they_are_now_and_nowhere_else(zoe: User) -> None:
    past = zoe.enrolments.get()
    Enrolment.objects.create(
        user=zoe, level=past.level, profile=past.profile, school_year=past.school_year + 1,
        academy=Academy.objects.get(code="10"), department=Department.objects.filter(academy__code="10")[0],
    )  # fmt: skip
    assert found(staff_client(appoint(None, "dane", "70")), PEOPLE, "zoe") == set()
    assert found(staff_client(appoint(None, "dane", "10")), PEOPLE, "zoe") == {zoe.pk}


def test_an_order_typed_into_the_address_is_ignored(crowd: None, monkeypatch: pytest.MonkeyPatch) -> None:
    # Columns that are fields, which Django would sort by although no heading offers it.
    monkeypatch.setattr(RegistrationAdmin, "list_display", ("name", "address", "level", "created_at"))
    browser = staff_client(appoint(None, "dane", "70"))
    for order in ("1", "-3", "5.-2", "99", "x"):
        for plan in plans_of(browser, SIGN_UPS, o=order):
            if 'FROM "accounts_registration"' in plan:
                assert "Sort" not in plan, plan


def test_a_long_list_is_cut_and_says_so(crowd: None) -> None:
    browser = staff_client(appoint(None, "national"))
    assert re.search("Les 1.?000 premières lignes seulement", page(browser, SIGN_UPS))
    assert len(re.findall(r"/change/", page(browser, SIGN_UPS, p="20"))) == 50
    for number in ("21", "99999999999", "-1", "0", "abc"):
        answer = browser.get(SIGN_UPS, {"p": number}, follow=True)
        assert answer.status_code == 200
        assert len(re.findall(r"/change/", answer.content.decode())) <= 50
