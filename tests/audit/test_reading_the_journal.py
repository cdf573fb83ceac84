"""The journal is read by those whose task it is, and who looked for whom stands in it (SAFETY T53)."""

from __future__ import annotations

import csv
import io
import re
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test import Client

from accounts.models import User
from audit import journal
from audit.admin import subject_typed
from audit.models import Record
from tests.accounts.staff import appoint, staff_client
from tests.back_office.plans import assert_no_scan, plans_of

pytestmark = pytest.mark.django_db
JOURNAL = "/administration/audit/record/"
ANNA, BRUNO = f"user:{uuid4()}", f"user:{uuid4()}"
ROWS = 20_000


@pytest.fixture
def dpo(portal: None) -> Client:
    return staff_client(appoint(None, "dpo"))


def write(
    act: str = "account.confirmed", *, actor: str = "system", subject: str = ANNA, **more: Any
) -> Record:
    journal.record(act=act, actor=actor, subject=subject, **more)
    return Record.objects.latest("pk")


def page(browser: Client, address: str = JOURNAL, **data: Any) -> str:
    answer = browser.get(address, data)
    assert answer.status_code == 200
    return answer.content.decode().replace("\xa0", " ")


def listed(browser: Client, **data: Any) -> list[int]:
    keys = re.findall(rf'href="{JOURNAL}(\d+)/change/', page(browser, **data))
    return [int(key) for key in dict.fromkeys(keys)]


@pytest.mark.parametrize("role", ["support", "dane", "national"])
def test_nobody_reads_the_journal_of_their_own_acts(portal: None, role: str) -> None:
    row = write()
    browser = staff_client(appoint(None, role, None if role == "national" else "70"))
    for address in (JOURNAL, f"{JOURNAL}{row.pk}/change/", f"{JOURNAL}exporter/"):
        assert browser.get(address).status_code == 404
    assert "audit" not in page(browser, "/administration/")


def test_it_is_read_in_words_newest_first(dpo: Client) -> None:
    first = write(reason="Appel du 3 mai.", fields=["address"], academy="70")
    second = write("account.suspended")
    assert listed(dpo)[:2] == [second.pk, first.pk]
    shown = page(dpo)
    for words in ("Compte suspendu", "Appel du 3 mai.", ANNA, "address"):
        assert words in shown
    assert "account.suspended" in page(dpo, f"{JOURNAL}{second.pk}/change/")


def test_the_reader_of_one_academie_meets_no_line_of_another(portal: None) -> None:
    ours = write(academy="70")
    theirs, nobodys = write(academy="10"), write()
    browser = staff_client(appoint(None, "dpo", "70"))
    shown = listed(browser)
    assert ours.pk in shown and not {theirs.pk, nobodys.pk} & set(shown)
    for foreign in (theirs, nobodys):
        assert browser.get(f"{JOURNAL}{foreign.pk}/change/").status_code == 404


def test_what_somebody_did_and_what_was_done_to_them_is_found(dpo: Client) -> None:
    done_to = write(subject=ANNA)
    did = write(actor=ANNA, subject=BRUNO)
    write(actor=BRUNO, subject=BRUNO)
    for typed in (ANNA, ANNA.removeprefix("user:"), f" {ANNA.removeprefix('user:').upper()} "):
        # Below the line that the search itself has just written.
        assert listed(dpo, q=typed, act="account.confirmed") == [did.pk, done_to.pk]


def test_lines_are_told_apart_by_what_was_done(dpo: Client) -> None:
    suspended = write("account.suspended")
    write("account.restored")
    assert listed(dpo, act="account.suspended") == [suspended.pk]
    assert listed(dpo, act="no.such_act") == []


def test_who_looked_for_whom_stands_in_the_journal_before_they_read(portal: None) -> None:
    reader = appoint(None, "dpo", "70")
    browser = staff_client(reader)
    page(browser)
    assert not Record.objects.filter(act="audit.read").exists()
    page(browser, q=ANNA.removeprefix("user:"))
    noted = Record.objects.get(act="audit.read")
    assert (noted.actor, noted.subject, noted.academy) == (reader.subject, ANNA, "70")
    assert noted.pk in listed(browser, q=ANNA)


@pytest.mark.parametrize(
    "typed",
    [
        "jeanne@exemple.fr",
        "Jeanne Dupont",
        "0612345678",
        "user:0612345678",
        "%",
        "' OR 1=1 --",
        "x" * 300,
        "\0",
    ],
)
def test_what_no_line_can_hold_is_neither_looked_for_nor_noted(dpo: Client, typed: str) -> None:
    write()
    assert subject_typed(typed) == ""
    assert typed == "\0" or listed(dpo, q=typed) == []
    assert not Record.objects.filter(act="audit.read").exists()


def test_a_search_by_somebody_who_may_not_read_is_not_even_noted(portal: None) -> None:
    browser = staff_client(appoint(None, "dane", "70"))
    assert browser.get(JOURNAL, {"q": ANNA}).status_code == 404
    assert not Record.objects.filter(act="audit.read").exists()


def test_nobody_can_change_a_line_here(dpo: Client) -> None:
    row = write(reason="Vrai motif.")
    address = f"{JOURNAL}{row.pk}/"
    for end in ("change/", "delete/"):
        dpo.post(address + end, {"reason": "Faux motif.", "post": "yes"})
    assert dpo.get(f"{JOURNAL}add/").status_code == 404
    dpo.post(JOURNAL, {"action": "delete_selected", "_selected_action": [str(row.pk)], "post": "yes"})
    assert Record.objects.get(pk=row.pk).reason == "Vrai motif."


def test_an_export_of_the_journal_stands_in_the_journal(dpo: Client) -> None:
    write(reason="=1+1")
    answer = dpo.post(f"{JOURNAL}exporter/?act=account.confirmed", {"reason": "Contrôle annuel de la CNIL."})
    [titles, line] = csv.reader(
        io.StringIO(b"".join(answer.streaming_content).decode().removeprefix("\ufeff")), delimiter=";"
    )
    assert titles[2] == "Code de l’acte" and line[2] == "account.confirmed" and line[1] != line[2]
    assert line[6] == "'=1+1"
    noted = Record.objects.get(act="list.exported")
    assert noted.subject == "list:audit.record" and noted.reason == "Contrôle annuel de la CNIL."
    assert noted.actor == User.objects.get(is_staff=True).subject


@pytest.mark.parametrize("academy", [None, "70"])
def test_no_list_of_the_journal_reads_it_from_end_to_end(portal: None, academy: str | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"""
            INSERT INTO audit_record (act, actor, subject, fields, reason, academy)
            SELECT CASE WHEN i % 5000 = 0 THEN 'account.suspended' ELSE 'account.confirmed' END,
                   CASE WHEN i % 3 = 0 THEN 'user:a' || i % 400 ELSE 'system' END,
                   'user:s' || i, '{{}}', '', CASE i % 4 WHEN 0 THEN '10' WHEN 1 THEN '' ELSE '70' END
              FROM generate_series(1, {ROWS}) i""")
        cursor.execute("ANALYZE audit_record")
    browser = staff_client(appoint(None, "dpo", academy))
    assert_no_scan(plans_of(browser, JOURNAL, "audit_record"), "audit_record")
    for data in (
        {"act": "account.confirmed"}, {"act": "account.suspended"}, {"q": "user:a77"}, {"q": "user:s77"},
        {"q": "user:nobody"}, {"q": "system"}, {"q": "user:a77", "act": "account.confirmed"},
    ):  # fmt: skip
        assert_no_scan(plans_of(browser, JOURNAL, "audit_record", data), "audit_record", sorts=True)
