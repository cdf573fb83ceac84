"""What schools write about people gets one form, or a reason (SAFETY section 3, « Dates », « Phones »)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from accounts.addresses import clean_address
from schools.person_names import clean_name
from schools.rosters import people, phones
from schools.rosters.birth_dates import NoBirthDate, birth_date
from schools.rosters.phones import Line, phone, region_of
from schools.rosters.uai import clean_uai, department_of, is_uai
from tests.schools.rosters import generator

TODAY = date(2026, 10, 5)


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("09/03/2012", "2012-03-09"),
        ("9/3/2012", "2012-03-09"),
        ("09-03-2012", "2012-03-09"),
        ("09.03.2012", "2012-03-09"),
        ("2012-03-09", "2012-03-09"),
        ("2012-1-1", "2012-01-01"),
        ("2012/03/09", "2012-03-09"),
        (" 09/03/2012 ", "2012-03-09"),
        ("09/03/2012 00:00:00", "2012-03-09"),
        ("2012-03-09T00:00:00", "2012-03-09"),
        ("2012-03-09 00:00:00.000", "2012-03-09"),
        (date(2012, 3, 9), "2012-03-09"),
        (datetime(2012, 3, 9), "2012-03-09"),
        # The hour that clocks jump over, and the one they have twice.
        (datetime(2018, 3, 25, 2, 30), "2018-03-25"),
        (datetime(2018, 10, 28, 2, 30), "2018-10-28"),
        ("00/00/2012", "2012-00-00"),
        ("00/03/2012", "2012-03-00"),
        ("2012-03-00", "2012-03-00"),
        ("12/00/2012", "2012-00-12"),
        ("29/02/2024", "2024-02-29"),
        ("29/02/2012", "2012-02-29"),
        ("31/12/2024", "2024-12-31"),  # nearly two, in the youngest class
        ("05/10/2007", "2007-10-05"),  # nineteen
    ],
)
def test_a_birth_date_is_kept_as_far_as_it_is_known(written: str | date, kept: str) -> None:
    assert birth_date(written, TODAY) == kept


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("29/02/2023", "date_wrong"),
        ("31/11/2012", "date_wrong"),
        ("30/02/2012", "date_wrong"),
        ("00/13/2012", "date_wrong"),
        ("32/00/2012", "date_wrong"),
        ("03/25/2012", "date_wrong"),
        ("00/00/0000", "date_out_of_range"),
        ("09/03/12", "date_short_year"),
        ("12-03-09", "date_short_year"),
        ("05/10/2027", "date_out_of_range"),
        ("01/01/2026", "date_out_of_range"),
        ("01/01/1900", "date_out_of_range"),
        ("31/12/1990", "date_out_of_range"),
        ("٠٩/٠٣/٢٠١٢", "date_wrong"),
        ("０９/０３/２０１２", "date_wrong"),
        ("09/03-2012", "date_wrong"),
        ("9 mars 2012", "date_wrong"),
        ("41000", "date_wrong"),
        ("09/03/2012 14:30", "date_wrong"),
        ("09/03/2012\u202e", "date_wrong"),
        ("", "date_wrong"),
        ("9" * 1_000_000, "date_wrong"),
    ],
)
def test_what_is_no_birth_date_of_a_pupil_is_refused_with_its_reason(written: str, code: str) -> None:
    with pytest.raises(NoBirthDate) as refused:
        birth_date(written, TODAY)
    assert refused.value.code == code


@given(st.dates(min_value=date(1992, 1, 1), max_value=TODAY - timedelta(days=366)))
def test_every_day_comes_out_as_itself_however_it_is_written(day: date) -> None:
    iso = day.isoformat()
    ways = (iso, day.strftime("%d/%m/%Y"), f"{day.day}/{day.month}/{day.year}", day.strftime("%d.%m.%Y"))
    assert {birth_date(way, TODAY) for way in ways} == {iso}


@given(st.text(max_size=60) | st.from_regex(r"\A\d{1,4}[/.-]\d{1,2}[/.-]\d{1,4}\Z"))
@example("2012-00-31")
def test_whatever_is_written_gives_a_day_or_a_reason(written: str) -> None:
    try:
        kept = birth_date(written, TODAY)
    except NoBirthDate:
        return
    assert kept.isascii()
    year, month, day = map(int, kept.split("-"))
    assert 1991 <= year <= 2025
    if month and day:
        date(year, month, day)


MAINLAND_MOBILES = (
    "06 12 34 56 78", "0612345678", "06.12.34.56.78", "06-12-34-56-78", "+33 6 12 34 56 78",
    "+33 (0)6 12 34 56 78", "+33(0)612345678", "0033 6 12 34 56 78", "06\u00a012\u00a034\u00a056\u00a078",
    "06/12/34/56/78", "612345678", "06\u202f12\u202f34\u202f56\u202f78",
)  # fmt: skip


@pytest.mark.parametrize("written", MAINLAND_MOBILES)
@pytest.mark.parametrize("region", ["FR", "RE"])
def test_a_mobile_of_the_mainland_is_one_everywhere(written: str, region: str) -> None:
    assert phone(written, region) == ("+33612345678", Line.MOBILE)


@pytest.mark.parametrize(
    ("uai", "written", "number"),
    [
        ("9740001H", "0692 12 34 56", "+262692123456"),
        ("9710001D", "0690 30 12 34", "+590690301234"),
        ("9720001J", "0696 20 12 34", "+596696201234"),
        ("9730001P", "0694 20 12 34", "+594694201234"),
        ("9760001U", "0639 69 12 34", "+262639691234"),
    ],
)
def test_a_mobile_of_overseas_is_one_at_a_school_there_and_nothing_on_the_mainland(
    uai: str, written: str, number: str
) -> None:
    assert phone(written, region_of(uai)) == (number, Line.MOBILE)
    assert phone(written, region_of("0752387M")) == ("", Line.NONE)
    assert phone(number, region_of("0752387M")) == (number, Line.MOBILE)


def test_a_mobile_of_a_neighbour_is_one() -> None:
    assert phone("+32 470 12 34 56") == ("+32470123456", Line.MOBILE)
    assert phone("0041 79 123 45 67") == ("+41791234567", Line.MOBILE)


@pytest.mark.parametrize("written", ["01 45 74 49 15", "+33231204444", "05.61.36.40.00", "09 70 12 34 56"])
def test_a_line_at_home_is_no_mobile(written: str) -> None:
    number, line = phone(written)
    assert number.startswith("+33")
    assert line is Line.OTHER


@pytest.mark.parametrize(
    "written",
    [
        "0892 68 12 34", "0800 123 456", "118 218", "3631", "17", "06 12 34 56", "06 12 34 56 78 9",
        "０６１２３４５６７８", "٠٦١٢٣٤٥٦٧٨", "06 12 34 56 78 poste 4", "06 12 34 56 78 / 06 12 34 56 79",
        "à demander", "", "+", "0692 12 34 56", "0000000000", "+33 6 12", "tel:0612345678", "6" * 1_000_000,
        "0700 00 00 00", "06 12 34 56 78\u202e",
    ],
)  # fmt: skip
def test_what_nobody_can_be_called_by_is_none(written: str) -> None:
    assert phone(written) == ("", Line.NONE)


@given(st.from_regex(r"\A[1-79][0-9]{8}\Z"))
def test_the_quick_look_at_french_numbers_says_what_the_numbering_plan_says(digits: str) -> None:
    assume(not digits.startswith("63998"))
    assert phone(f"0{digits}") == phones._look_up(f"+33{digits}", "FR")


def test_a_number_kept_for_films_is_the_mobile_of_people_who_do_not_exist() -> None:
    for written in ("06 39 98 00 01", "+33639980001", "0033 6 39 98 00 01"):
        assert phone(written) == ("+33639980001", Line.MOBILE)
    assert phone("06 39 97 00 01") == ("", Line.NONE)


def test_what_is_no_mobile_never_stands_as_one() -> None:
    reached = phones.Reached("FR")
    assert reached.take("01 45 74 49 15", mobile=True) == "phone_no_mobile"
    assert reached.take("0892681234", mobile=True) == "phone_wrong"
    assert reached.take("06 12 34 56 78", mobile=False) == ""
    assert (reached.mobile, reached.phone) == ("", "+33145744915")


@pytest.mark.parametrize(
    "written",
    [
        "D'ORNANO",
        "D’ORNANO",
        "Jean-Baptiste",
        "de La Tour du Pin",
        "CŒUR",
        "Đào",
        "N’DIAYE",
        "J.-P.",
        "  Zoé ",
    ],
)
def test_a_name_in_a_file_is_kept_by_the_rules_of_names_that_people_type(written: str) -> None:
    assert people.name(written) == clean_name(written)


@given(st.text(alphabet=st.characters(max_codepoint=0x17F), max_size=30))
def test_the_quick_look_at_a_name_says_what_the_rule_says(written: str) -> None:
    try:
        quick = people.name(written)
    except people.NotTaken:
        quick = ""
    try:
        said = clean_name(written)
    except Exception:
        said = ""
    assert quick == said


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("", "name_missing"),
        ("   ", "name_missing"),
        ("Zo\u202eé", "name_invisible"),
        ("Zo\u200bé", "name_invisible"),
        ("Zo\x00é", "name_invisible"),
        ("Иван", "name_not_latin"),
        ("MARTIN 2", "name_wrong"),
        ("=HYPERLINK(\"http://x\")", "name_wrong"),
        ("-MARTIN", "name_wrong"),
        ("MARTIN (DURAND)", "name_wrong"),
        ("A" * 101, "name_too_long"),
        ("A" * 1_000_000, "name_too_long"),
    ],
)  # fmt: skip
def test_what_is_no_name_is_refused_with_its_reason(written: str, code: str) -> None:
    with pytest.raises(people.NotTaken) as refused:
        people.name(written)
    assert refused.value.code == code


@pytest.mark.parametrize(
    "written",
    ["Rock33445570@Hotmail.fr", "ce.0752387M@ac-paris.fr", "a+b@exemple.fr", "x@élève.fr", " a@b.com ",
     "prenom.nom@sous.domaine.exemple.org"],
)  # fmt: skip
def test_an_address_in_a_file_has_the_form_that_accounts_keep(written: str) -> None:
    assert people.email(written) == clean_address(written)


@pytest.mark.parametrize(
    "written",
    ["a@b", "a b@c.fr", "a..b@c.fr", '"a"@c.fr', "a@[127.0.0.1]", "é@c.fr", "a@c.fr\r\nBcc: x@y.fr",
     "a@-b.fr", "@c.fr", "a" * 1_000_000, "a@c.fr; b@c.fr"],
)  # fmt: skip
def test_what_is_no_address_is_refused(written: str) -> None:
    with pytest.raises(people.NotTaken):
        people.email(written)


def test_a_national_number_is_eleven_digits_and_capitals() -> None:
    assert people.ine("070832327JA") == "070832327JA"
    assert people.ine(" 0708 32327 ja ") == "070832327JA"
    assert people.ine("") == ""
    for written in ("070832327J", "070832327JAB", "07083232-JA", "٠70832327JA"):
        with pytest.raises(people.NotTaken):
            people.ine(written)


@pytest.mark.parametrize(
    "code",
    ["9840482B", "9830003L", "6200088B", "0752550P", "0752387M", "0140070A", "0750680G", "0751703U",
     "0141396S", "0312093G", "0782565P", "0352009U", "0500048F"],
)  # fmt: skip
def test_the_code_of_a_real_school_has_its_letter(code: str) -> None:
    assert is_uai(code)
    assert clean_uai(f" {code[:4]} {code[4:].lower()} ") == code
    others = [letter for letter in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if letter != code[7]]
    assert not any(is_uai(code[:7] + letter) for letter in others)


@pytest.mark.parametrize("code", ["", "075238M", "07523877M", "9990001A", "٠٧٥٢٣٨٧M", "0752387M\n"])
def test_what_is_no_code_of_a_school_is_none(code: str) -> None:
    assert not is_uai(code)


def test_the_department_of_a_school_is_in_its_code() -> None:
    for department in ("01", "2A", "2B", "75", "971", "974", "987", "988"):
        assert department_of(generator.uai(department, 12)) == department
