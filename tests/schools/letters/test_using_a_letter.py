"""A pupil, a colleague, a guardian uses the code of a letter: once, with few tries (SAFETY T38, G7, F14)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts import assistance, local_admins
from accounts.models import User
from audit.models import Record
from schools import paper_codes
from schools.letters import codes, making, signs
from schools.letters.codes import Audience, Mistyped, Spent, WrongCode, spend
from schools.models import GuardianTie, Letter, LetterBatch, Schooling, StaffMember, Student
from schools.rosters import merging
from schools.rosters.rows import StaffRole
from schools.scope import EVERYWHERE
from tests.abreast import abreast
from tests.accounts.conftest import shape_of
from tests.accounts.heads import head_of
from tests.accounts.staff import appoint
from tests.schools.rosters.declared import HEAD, declare, school
from tests.schools.rosters.declared import colleague as listed
from throttling import limits

from .conftest import asked, colleague, guardian_of, lines, made, pupils

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("portal")]
ALL = frozenset(Audience)


def use(identifier: str, code: str, client: str = "a phone", **said: object) -> Spent:
    return spend(**{"identifier": identifier, "code": code, "audiences": ALL, "client": client, **said})


@pytest.fixture
def letter(unprinted: Callable[[], None]) -> tuple[Student, str]:
    """A pupil with a letter, and its code."""
    unprinted()
    [child] = pupils(["Inès"])
    [line] = lines(made())
    child.refresh_from_db()
    return child, line.code


class TestReading:
    def test_a_code_is_read_as_people_type_it(self) -> None:
        code = signs.draw()
        for typed in (code.lower(), signs.shown(code), "-".join(code), f" {code}\n", f"\u200b{code}"):
            assert signs.read(typed) == code

    def test_a_slip_is_never_taken_for_a_code(self) -> None:
        code = "K7M4PX9T"
        code += signs._check(code)
        for place, right in enumerate(code):
            for sign in paper_codes.ALPHABET:
                if sign != right:
                    with pytest.raises(Mistyped):
                        signs.read(code[:place] + sign + code[place + 1 :])
        for first in range(len(code)):
            for second in range(first):
                swapped = list(code)
                swapped[first], swapped[second] = swapped[second], swapped[first]
                if swapped != list(code):
                    with pytest.raises(Mistyped):
                        signs.read("".join(swapped))

    @pytest.mark.parametrize(
        "typed",
        [
            "",
            "K7M",
            "K7M 4PX 9TO",
            "0OIL1",
            "\0" * 9,
            "é" * 9,
            "🙂" * 9,
            "A" * 1_000_000,
            "٧" * 9,
            "' OR 1=1",
        ],
    )
    def test_nonsense_is_told_from_a_wrong_code_and_counts_nothing(
        self, letter: tuple[Student, str], typed: str
    ) -> None:
        child, code = letter
        for _time in range(30):
            with pytest.raises(Mistyped):
                use(child.identifier, typed)
        assert use(child.identifier, code).student == child


class TestUsingOne:
    def test_a_pupil_uses_it_and_it_stays_used(self, letter: tuple[Student, str]) -> None:
        child, code = letter
        spent = use(f" {child.identifier.upper()} ", code.lower())
        assert (spent.audience, spent.student, spent.staff_member, spent.contact) == (
            Audience.PUPIL,
            child,
            None,
            None,
        )
        with pytest.raises(WrongCode):
            use(child.identifier, code, client="another phone")
        record = Record.objects.get(act="letter.spent")
        assert (record.subject, record.academy) == (child.subject, "70")
        assert code not in str(Letter.objects.values()) and code not in str(Record.objects.values())

    def test_the_same_device_may_use_it_again_for_half_an_hour(self, letter: tuple[Student, str]) -> None:
        child, code = letter
        assert use(child.identifier, code) == use(child.identifier, code)
        assert Record.objects.filter(act="letter.spent").count() == 1
        Letter.objects.update(spent_at=F("spent_at") - timedelta(minutes=31))
        with pytest.raises(WrongCode):
            use(child.identifier, code)

    def test_looking_at_one_uses_nothing(self, letter: tuple[Student, str]) -> None:
        child, code = letter
        said = {"identifier": child.identifier, "code": code, "audiences": ALL}
        assert codes.peek(**said, client="one").student == child
        assert codes.peek(**said, client="other").student == child
        assert use(child.identifier, code, client="third").student == child

    def test_a_colleague_and_a_guardian_have_theirs(self, unprinted: Callable[[], None]) -> None:
        unprinted()
        [child] = pupils(["Inès"])
        member, contact = colleague(identifier="NRoux"), guardian_of(child)
        [for_staff] = lines(made(audience=Audience.STAFF))
        [for_guardian] = lines(made(audience=Audience.GUARDIAN))
        assert (for_guardian.identifier, for_guardian.about) == ("", "Inès BENALI")
        with pytest.raises(WrongCode):
            use("nroux", for_staff.code, audiences=frozenset({Audience.PUPIL, Audience.GUARDIAN}))
        assert use("nroux", for_staff.code).staff_member == member
        with pytest.raises(WrongCode):
            use("", for_guardian.code, holds=lambda who: False)
        assert use("", for_guardian.code, holds=lambda who: who.contact == contact).contact == contact


class TestWhatIsWrong:
    def test_one_sentence_for_every_reason(
        self, letter: tuple[Student, str], unprinted: Callable[[], None]
    ) -> None:
        child, code = letter
        other = signs.draw()
        for identifier, typed in ((child.identifier, other), ("", code), ("malo.benali11", code)):
            with pytest.raises(WrongCode):
                use(identifier, typed)
        for change in (
            {"expires_at": timezone.now() - timedelta(seconds=1)},
            {"revoked_at": timezone.now()},
            {"given_at": None},
        ):
            before = Letter.objects.values(*change).get()
            Letter.objects.update(**change)
            with pytest.raises(WrongCode):
                use(child.identifier, code, client=str(change))
            Letter.objects.update(**before)
        Schooling.objects.update(gone_at=timezone.now(), access_until=timezone.now())
        with pytest.raises(WrongCode):
            use(child.identifier, code, client="who left")
        Schooling.objects.update(access_until=timezone.now() + timedelta(days=1))
        assert use(child.identifier, code, client="who leaves tomorrow").student == child

    def test_who_is_gone_has_no_letter_any_more(self, unprinted: Callable[[], None]) -> None:
        unprinted()
        [child] = pupils(["Inès"])
        guardian_of(child)
        colleague()
        [for_staff] = lines(made(audience=Audience.STAFF))
        [for_guardian] = lines(made(audience=Audience.GUARDIAN))
        StaffMember.objects.update(gone_at=timezone.now(), access_until=timezone.now())
        GuardianTie.objects.update(removed_at=timezone.now())
        for identifier, line in (("nroux", for_staff), ("", for_guardian)):
            with pytest.raises(WrongCode):
                use(identifier, line.code)

    def test_what_is_wrong_costs_the_same_statements(self, letter: tuple[Student, str]) -> None:
        child, code = letter
        Letter.objects.update(revoked_at=timezone.now())
        shapes = []
        for identifier, typed in (
            ("nobody.anywhere12", signs.draw()),
            (child.identifier, signs.draw()),
            (child.identifier, code),
        ):
            with CaptureQueriesContext(connection) as captured, pytest.raises(WrongCode):
                use(identifier, typed)
            shapes.append(shape_of(captured))
        assert shapes[0] == shapes[1] == shapes[2]

    def test_a_device_tries_ten_codes_a_day(self, letter: tuple[Student, str]) -> None:
        child, code = letter
        for _guess in range(10):
            with pytest.raises(WrongCode):
                use(child.identifier, signs.draw())
        with pytest.raises(limits.Refused):
            use(child.identifier, code)
        assert use(child.identifier, code, client="a phone of one's own").student == child

    def test_an_identifier_is_tried_twenty_five_times_a_day_whoever_tries(
        self, letter: tuple[Student, str]
    ) -> None:
        child, code = letter
        for guess in range(25):
            with pytest.raises(WrongCode):
                use(child.identifier, signs.draw(), client=f"device {guess}")
        with pytest.raises(limits.Refused):
            use(child.identifier, code, client="one more")

    def test_a_class_behind_one_address_comes_in_from_one_computer(
        self, unprinted: Callable[[], None]
    ) -> None:
        unprinted()
        pupils(["Élève" + "abcdefghijklmnopqrst"[n] for n in range(20)])
        for line in lines(made()):
            assert use(line.identifier, line.code, client="the classroom", network="203.0.113.7").student


class TestManyAtOnce:
    def test_of_forty_five_one_uses_it(self, letter: tuple[Student, str]) -> None:
        child, code = letter
        given = abreast(*(lambda n=n: use(child.identifier, code, client=f"device {n}") for n in range(45)))
        assert sum(isinstance(each, Spent) for each in given) == 1
        assert all(isinstance(each, Spent | WrongCode | limits.Refused) for each in given)
        assert Record.objects.filter(act="letter.spent").count() == 1

    def test_a_double_click_leads_on_twice(self, letter: tuple[Student, str]) -> None:
        child, code = letter
        given = abreast(*(lambda: use(child.identifier, code) for _click in range(4)))
        assert [each.student for each in given if isinstance(each, Spent)] == [child] * 4


class TestANewLetter:
    def test_it_kills_the_old_one(self, letter: tuple[Student, str]) -> None:
        child, code = letter
        name = child.identifier
        [line] = lines(made(includes_known=True))
        assert line.identifier == name and line.code != code
        with pytest.raises(WrongCode):
            use(name, code)
        assert use(name, line.code).student == child

    def test_one_by_itself_on_paper(self, letter: tuple[Student, str]) -> None:
        child, code = letter
        form = uuid4()
        given = codes.replace(child, school=school(), by=HEAD, submission=form)
        again = codes.replace(child, school=school(), by=HEAD, submission=form)
        assert given.batch == again.batch and given.pdf == again.pdf
        [line] = lines(given.batch)
        assert (line.division, line.identifier) == ("3 A", child.identifier)
        with pytest.raises(WrongCode):
            use(child.identifier, code)
        assert use(child.identifier, line.code).student == child
        assert Record.objects.get(act="letter.replaced").actor == HEAD

    def test_ten_a_day_for_one_person(self, letter: tuple[Student, str]) -> None:
        child, _code = letter
        for _time in range(10):
            codes.replace(child, school=school(), by=HEAD, submission=uuid4())
        with pytest.raises(limits.Refused):
            codes.replace(child, school=school(), by=HEAD, submission=uuid4())
        assert Letter.objects.alive().count() == 1

    def test_a_colleague_without_identifier_gets_none(self) -> None:
        with pytest.raises(codes.NoIdentifier):
            codes.replace(colleague(identifier=""), school=school(), by=HEAD, submission=uuid4())
        assert not LetterBatch.objects.exists()

    def test_of_two_at_once_one_counts(self, letter: tuple[Student, str]) -> None:
        child, _code = letter
        given = abreast(
            *(
                lambda: codes.replace(child, school=school(), by=HEAD, submission=uuid4())
                for _teacher in range(4)
            )
        )
        assert all(isinstance(each, codes.Replaced) for each in given), given
        assert Letter.objects.alive().count() == 1


def test_two_records_of_one_child_lead_to_the_one_that_counts(letter: tuple[Student, str]) -> None:
    child, code = letter
    [kept] = pupils(["Inès"])
    merging.merge(kept, child, scope=EVERYWHERE, by=HEAD, reason="la même enfant")
    assert use(child.identifier, code).student == kept


class TestRightsThatGrow:
    """A letter printed for a teacher must not open what a head may do (docs/adr/0010)."""

    @pytest.fixture
    def teacher(self, unprinted: Callable[[], None]) -> tuple[StaffMember, str]:
        unprinted()
        declare([listed("Nadia", identifier="nroux")], kind="staff")
        [line] = lines(made(audience=Audience.STAFF))
        return StaffMember.objects.get(), line.code

    def test_it_opens_what_it_was_printed_for(self, teacher: tuple[StaffMember, str]) -> None:
        declare([listed("Nadia", identifier="nroux", email="n.roux@ac-normandie.fr")], kind="staff")
        assert use("nroux", teacher[1]).staff_member == teacher[0]

    def test_the_file_that_makes_somebody_head_kills_it(self, teacher: tuple[StaffMember, str]) -> None:
        declare([listed("Nadia", StaffRole.HEAD, identifier="nroux")], kind="staff")
        with pytest.raises(WrongCode):
            use("nroux", teacher[1])
        assert Letter.objects.get().revoked_at is not None  # and the school reads why on its list
        made_anew = codes.replace(teacher[0], school=school(), by=HEAD, submission=uuid4())
        [line] = lines(made_anew.batch)
        assert use("nroux", line.code).staff_member == teacher[0]

    def test_it_dies_even_on_the_device_that_has_just_used_it(self, teacher: tuple[StaffMember, str]) -> None:
        use("nroux", teacher[1])
        declare([listed("Nadia", StaffRole.HEAD, identifier="nroux")], kind="staff")
        with pytest.raises(WrongCode):
            use("nroux", teacher[1])

    def test_a_head_who_left_and_comes_back_needs_another_one(self, teacher: tuple[StaffMember, str]) -> None:
        other = listed("Anne", identifier="aroux")
        head = listed("Nadia", StaffRole.HEAD, identifier="nroux")
        declare([head, other], kind="staff")
        [line] = lines(codes.replace(teacher[0], school=school(), by=HEAD, submission=uuid4()).batch)
        declare([other], kind="staff", confirmed=True)
        declare([head, other], kind="staff")
        with pytest.raises(WrongCode):
            use("nroux", line.code)

    def test_a_letter_that_is_being_made_meanwhile_never_counts(
        self, teacher: tuple[StaffMember, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        batch = asked(audience=Audience.STAFF, includes_known=True)
        begin_to_count = making.begin_to_count

        def once_she_is_head(made: LetterBatch) -> None:
            declare([listed("Nadia", StaffRole.HEAD, identifier="nroux"), listed("Anne")], kind="staff")
            begin_to_count(made)

        monkeypatch.setattr(making, "begin_to_count", once_she_is_head)
        making.make(str(batch.public_id))
        batch.refresh_from_db()
        assert batch.state == LetterBatch.State.READY
        code = {line.identifier: line.code for line in lines(batch)}["nroux"]
        assert not Letter.objects.given().filter(batch=batch, staff_member=teacher[0]).exists()
        with pytest.raises(WrongCode):
            use("nroux", code)

    def test_a_pile_leaves_out_whose_rights_have_grown(self, teacher: tuple[StaffMember, str]) -> None:
        batch = asked(audience=Audience.STAFF, includes_known=True)
        declare([listed("Nadia", StaffRole.HEAD, identifier="nroux"), listed("Anne")], kind="staff")
        StaffMember.objects.update(role="teacher")  # they give the post back, and not what they knew
        making.make(str(batch.public_id))
        batch.refresh_from_db()
        assert "nroux" not in [line.identifier for line in lines(batch)]

    def test_so_does_what_a_head_hands_on_but_not_what_they_take_back(
        self, teacher: tuple[StaffMember, str]
    ) -> None:
        member, code = teacher
        head = head_of(school())
        local_admins.set_areas(member, ["letters"], by=head)
        with pytest.raises(WrongCode):
            use("nroux", code)
        [line] = lines(codes.replace(member, school=school(), by=HEAD, submission=uuid4()).batch)
        local_admins.set_areas(member, [], by=head)
        assert use("nroux", line.code).staff_member == member

    def test_an_account_that_the_dane_attaches_is_not_opened_by_an_older_letter(
        self, teacher: tuple[StaffMember, str], person: Callable[..., User]
    ) -> None:
        dane = appoint(None, "national")
        assistance.attach(person(), uai=school().uai, identifier="nroux", by=dane, reason="Elle a téléphoné.")
        with pytest.raises(WrongCode):
            use("nroux", teacher[1])
