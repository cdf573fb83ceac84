"""The DANE says whom the staff of its académie call, and they read it (SCREENS C2)."""

from __future__ import annotations

from typing import Any

import pytest
from django.template.loader import render_to_string

from audit.models import Record
from schools import counters
from schools.models import Academy
from tests.accounts.staff import appoint, staff_client

pytestmark = pytest.mark.django_db
GOOD = {
    "phone": "04.72.80.64.88",
    "hours": "du lundi au vendredi, de 8 h à 17 h",
    "reason": "Nouveau numéro.",
}


@pytest.fixture
def lyon(portal: None) -> Academy:
    return Academy.objects.get(code="10")


def send(academy: Academy, role: tuple[str, str | None], **changes: str) -> Any:
    browser = staff_client(appoint(None, *role))
    address = f"/administration/schools/academy/{academy.pk}/acte/guichet/"
    return browser.post(address, {**GOOD, **changes}, follow=True)


def test_the_dane_writes_it_and_its_staff_read_it(lyon: Academy) -> None:
    assert "guichet est enregistré" in send(lyon, ("dane", "10")).content.decode()
    lyon.refresh_from_db()
    page = render_to_string("components/counter.html", {"academy": lyon})
    assert 'href="tel:0472806488">04 72 80 64 88</a>' in page and "de 8 h à 17 h" in page
    line = Record.objects.get(act="academy.counter_set")
    assert line.academy == "10" and "0472" not in str(vars(line)).replace(" ", "")


def test_the_dane_of_another_academie_finds_no_such_page(lyon: Academy) -> None:
    assert send(lyon, ("dane", "70")).status_code == 404
    assert send(lyon, ("support", "10")).status_code == 404


def test_what_cannot_be_dialled_gets_a_kind_sentence(lyon: Academy) -> None:
    for phone in ("appelez-nous", "04 72 80 64 8x", "1" * 16, "123", "+"):
        assert "pas un numéro" in send(lyon, ("dane", "10"), phone=phone).content.decode(), phone
    lyon.refresh_from_db()
    assert lyon.counter_phone == ""


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("0472806488", "04 72 80 64 88"),
        ("36 39", "3639"),
        ("+687 26 61 00", "+687266100"),
        ("٠٤٧٢٨٠٦٤٨٨", ""),
    ],
)
def test_numbers_are_kept_as_people_read_them(typed: str, kept: str) -> None:
    if kept:
        assert counters.clean_phone(typed) == kept
    else:
        with pytest.raises(counters.NoNumber):
            counters.clean_phone(typed)


def test_without_a_number_the_school_is_named(lyon: Academy) -> None:
    send(lyon, ("dane", "10"))
    send(lyon, ("dane", "10"), phone="")
    lyon.refresh_from_db()
    assert (lyon.counter_phone, lyon.counter_hours) == ("", "")
    page = render_to_string("components/counter.html", {"academy": lyon})
    assert "tel:" not in page and "secrétariat de votre établissement" in page
