"""A worker makes the letters that a head asked for: all or none, and resumed (SAFETY F6, T49, G13)."""

from __future__ import annotations

import csv
import io
import re
import string
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
import segno
from django.db import connection
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.models import Record
from guardians.models import ContactAccount
from schools.letters import addresses, identifiers, keeping, making, revoking, signs, texts, typesetting
from schools.letters.codes import Audience, WrongCode
from schools.letters.typesetting import Line
from schools.models import (
    Letter,
    LetterBatch,
    LetterFile,
    LetterPart,
    Schooling,
    Student,
)
from schools.scope import EVERYWHERE, NOWHERE
from tests.abreast import abreast
from tests.schools.rosters.declared import HEAD, letters, school

from .conftest import asked, colleague, division, guardian_of, lines, made, pupils, scope_of
from .test_using_a_letter import use

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("portal")]
State = LetterBatch.State


def many(count: int, **where: Any) -> list[Student]:
    return pupils([f"Élève{letters(n)}" for n in range(count)], **where)


class TestWhoGetsOne:
    def test_a_class_or_the_whole_school(self, unprinted: Callable[[], None]) -> None:
        unprinted()
        pupils(["Inès"], "3 A"), pupils(["Malo"], "3 B"), pupils(["Zoé"], at=school("0690001B", "10"))
        [gone] = pupils(["Parti"])
        Schooling.objects.filter(student=gone).update(
            gone_at=timezone.now(), access_until=timezone.now() + timedelta(days=7)
        )
        assert [line.name for line in lines(made(divisions=[division("3 B")]))] == ["Malo BENALI"]
        assert [(line.division, line.name) for line in lines(made())] == [
            ("3 A", "Inès BENALI"),
            ("3 B", "Malo BENALI"),
        ]

    def test_who_has_an_account_gets_none_unless_asked_for(
        self, unprinted: Callable[[], None], person: Callable[..., Any]
    ) -> None:
        unprinted()
        ines, malo = pupils(["Inès", "Malo"])
        user = person("ines.benali")
        type(user).objects.filter(pk=user.pk).update(student=ines)
        first, second = guardian_of(ines), guardian_of(malo, "Karim")
        ContactAccount.objects.create(contact=first, user=person("leila.benali"))
        assert [line.name for line in lines(made())] == ["Malo BENALI"]
        assert len(lines(made(includes_known=True))) == 2
        assert [line.name for line in lines(made(audience=Audience.GUARDIAN))] == [str(second)]

    def test_a_guardian_whose_mobile_is_known_gets_a_code_by_sms_instead(
        self, unprinted: Callable[[], None]
    ) -> None:
        unprinted()
        ines, malo = pupils(["Inès", "Malo"])
        guardian_of(ines, mobile="+33639980001")
        guardian_of(ines, "Voisin", responsibility="contact")
        guardian_of(malo, "Retiré", removed_at=timezone.now())
        without = guardian_of(malo, "Karim")
        [line] = lines(made(audience=Audience.GUARDIAN))
        assert (line.name, line.about, line.division) == (str(without), "Malo BENALI", "3 A")

    def test_a_colleague_is_known_by_the_academic_identifier(self, unprinted: Callable[[], None]) -> None:
        unprinted()
        colleague(), colleague("Zoé", identifier="")
        assert [line.identifier for line in lines(made(audience=Audience.STAFF))] == ["nroux"]

    def test_nobody_to_write_to_makes_no_batch(self) -> None:
        with pytest.raises(making.Nobody):
            asked()
        assert not LetterBatch.objects.exists()

    def test_only_for_a_school_of_ones_own(self) -> None:
        pupils(["Inès"])
        theirs = scope_of(school("0690001B", "10"))
        with pytest.raises(making.NotAllowed):
            asked(scope=theirs)
        with pytest.raises(making.NotAllowed):
            asked(divisions=[division("3 A", school("0690001B", "10"))], scope=scope_of(school()))


class TestIdentifiers:
    def test_they_are_drawn_from_names_and_never_change(self, unprinted: Callable[[], None]) -> None:
        unprinted()
        child = Student.objects.create(family_name="D’ÀLÈS-Ünal", first_name="Zoë Maëlle")
        Schooling.objects.create(student=child, school=school(), school_year=2026)
        [line] = lines(made())
        assert re.fullmatch(r"zoemaelle\.dalesunal[0-9]{2}", line.identifier)
        [again] = lines(made())
        assert again.identifier == line.identifier

    def test_more_digits_as_a_name_fills(self, unprinted: Callable[[], None]) -> None:
        unprinted()
        Student.objects.bulk_create(
            Student(family_name="B", first_name="I", identifier=f"ines.benali{n:02}") for n in range(100)
        )
        pupils(["Inès"])
        [line] = lines(made())
        assert re.fullmatch(r"ines\.benali[0-9]{3}", line.identifier)

    @pytest.mark.parametrize("name", ["Łukasz", "Ðào", "ŋŋ", "D'", "O’Neil", "1234", "李"])
    def test_any_name_gives_one(self, name: str) -> None:
        written = identifiers.stem(Student(first_name=name, family_name=name))
        assert re.fullmatch(r"[a-z]+\.[a-z]+", written) and len(written) <= 24


class TestAWorker:
    def test_letters_come_in_hundreds_with_as_many_statements_for_each(
        self, unprinted: Callable[[], None]
    ) -> None:
        unprinted()
        many(250)
        batch = asked()
        counted = []
        LetterBatch.objects.update(state=State.MAKING)
        for _turn in range(3):
            with CaptureQueriesContext(connection) as captured:
                assert making._write_some(batch)
            counted.append(len(captured))
        assert counted[0] == counted[1] <= 20 and counted[2] <= counted[0]
        assert not making._write_some(batch)
        batch.refresh_from_db()
        assert (batch.made, batch.total, Letter.objects.count()) == (250, 250, 250)

    def test_killed_half_way_another_goes_on_and_nobody_gets_two(
        self, unprinted: Callable[[], None], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        unprinted()
        many(150)
        batch = asked()
        kept = keeping.seal
        calls = []

        def dies_the_second_time(content: bytes) -> bytes:
            calls.append(1)
            if len(calls) == 2:
                raise SystemExit
            return kept(content)

        monkeypatch.setattr(keeping, "seal", dies_the_second_time)
        with pytest.raises(SystemExit):
            making.make(str(batch.public_id))
        assert Letter.objects.count() == 100
        assert not Letter.objects.given().exists()
        LetterBatch.objects.update(held_until=timezone.now() - timedelta(minutes=1))
        assert making.sweep() == 1
        making.make(str(batch.public_id))
        batch.refresh_from_db()
        said = lines(batch)
        assert batch.state == State.READY and len({line.name for line in said}) == len(said) == 150
        assert Letter.objects.alive().count() == 150 == LetterFile.objects.get().count

    def test_two_workers_at_once_make_each_letter_once(self, unprinted: Callable[[], None]) -> None:
        unprinted()
        many(220)
        batch = asked()
        abreast(*(lambda: making.make(str(batch.public_id)) for _worker in range(4)))
        making.make(str(batch.public_id))
        batch.refresh_from_db()
        assert batch.state == State.READY and batch.made == 220 == len(lines(batch))

    def test_old_letters_stay_good_when_new_ones_fail(self, unprinted: Callable[[], None]) -> None:
        unprinted()
        pupils(["Inès"])
        [old] = lines(made())
        batch = asked()
        LetterBatch.objects.filter(pk=batch.pk).update(
            state=State.MAKING, attempts=making.TRIES, held_until=timezone.now() - timedelta(minutes=1)
        )
        making.sweep()
        batch.refresh_from_db()
        assert (batch.state, batch.reason) == (State.FAILED, "worker_lost")
        assert not batch.letters.exists() and not batch.parts.exists()
        assert use(old.identifier, old.code).student

    def test_what_cannot_be_printed_says_so_and_leaves_old_letters(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        pupils(["Inès"])

        def cannot(*_said: Any) -> bytes:
            raise typesetting.Unprintable

        monkeypatch.setattr(typesetting, "pdf", cannot)
        batch = made()
        assert (batch.state, batch.reason) == (State.FAILED, "unprintable")
        assert not Letter.objects.exists() and not LetterPart.objects.exists()

    def test_one_batch_at_a_time_and_the_same_form_asks_once(self) -> None:
        pupils(["Inès"])
        form = uuid4()
        given = abreast(*(lambda: asked(submission=form) for _click in range(4)))
        assert {each.pk for each in given if isinstance(each, LetterBatch)} == {LetterBatch.objects.get().pk}
        assert all(isinstance(each, LetterBatch) for each in given), given
        with pytest.raises(making.AlreadyOne):
            asked()

    def test_given_up_on_the_way_nothing_counts(self, unprinted: Callable[[], None]) -> None:
        unprinted()
        pupils(["Inès"])
        batch = asked()
        with pytest.raises(making.NotAllowed):
            making.give_up(batch, scope=NOWHERE, by=HEAD)
        making.give_up(batch, scope=EVERYWHERE, by=HEAD)
        making.make(str(batch.public_id))
        batch.refresh_from_db()
        assert batch.state == State.CANCELLED and not Letter.objects.exists()


class TestTheFiles:
    def test_a_pdf_is_tagged_and_names_what_it_is(self) -> None:
        pupils(["Inès"])
        batch = made(per_page=1)
        content = keeping.take_pdf(batch, 0, scope=EVERYWHERE, by=HEAD)
        assert content.startswith(b"%PDF-1.7")
        for mark in (b"/StructTreeRoot", b"/MarkInfo", b"/Marked true", b"/Lang", b"pdfuaid:part"):
            assert mark in content, mark
        [line] = lines(batch)
        kept = bytes(LetterFile.objects.get().sealed) + bytes(LetterPart.objects.get().sealed)
        assert b"%PDF" not in kept and line.code.encode() not in kept
        assert Record.objects.get(act="letters.taken").subject == batch.subject

    @pytest.mark.parametrize("audience", Audience)
    @pytest.mark.parametrize("per_page", [1, 2, 8])
    @pytest.mark.parametrize("language", [code for code, _name in texts.languages()])
    def test_every_layout_in_every_language(self, audience: str, per_page: int, language: str) -> None:
        batch = LetterBatch(
            school=school(name="Collège « Ł’Œuvre » de la Đào"),
            audience=audience,
            per_page=per_page,
            language=language,
            expires_at=timezone.now(),
        )
        identifier = "" if audience == Audience.GUARDIAN else "ines.benali42"
        about = "Inès, Adam" if audience == Audience.GUARDIAN else ""
        said = [Line(f"Inès n° {n}", "3 A", about, identifier, signs.draw()) for n in range(9)]
        pages = typesetting.pictures(batch, said, dots_per_inch=10)
        assert len(pages) == {1: 9, 2: 5, 8: 2}[per_page]

    def test_any_name_a_school_writes_can_be_printed(self) -> None:
        names = [
            string.punctuation,
            "Łukasz Ŋə Ɓɛ ẞ",
            "Nguyễn Đỗ Thị",
            '=HYPERLINK("http://x")',
            "#let x = 1 $ * _ @ <a>",
            "Шевченко 李 محمد 🙂 \u202e\u200b",
            "A" * 200,
            " ".join(["Jean-Christophe-Emmanuel"] * 12),
        ]
        for per_page in (1, 2, 8):
            batch = LetterBatch(
                school=school(),
                audience="guardian",
                per_page=per_page,
                language="fr",
                expires_at=timezone.now(),
            )
            said = [Line(name, "3 A", name, "", signs.draw()) for name in names]
            assert typesetting.pdf(batch, said).startswith(b"%PDF")

    def test_the_square_leads_to_the_page_of_the_code(self, settings: Any) -> None:
        settings.SITE_URL = "https://mcm.exemple.fr"
        address = addresses.address_of("ines.benali42", "K7M4PX9TB")
        assert address == "https://mcm.exemple.fr/lettre/ines.benali42/K7M4PX9TB/"
        assert addresses.address_of("", "K7M4PX9TB").endswith("/code-ecole/#K7M4PX9TB")
        drawn = typesetting.square(address)
        dark = {(int(float(x)), int(float(y))) for x, y in pixels(drawn)}
        wanted = segno.make(address, micro=False, error="m").matrix_iter(border=4)
        assert dark == {(x, y) for y, row in enumerate(wanted) for x, sign in enumerate(row) if sign}

    def test_a_table_for_a_spreadsheet_runs_nothing(self, unprinted: Callable[[], None]) -> None:
        unprinted()
        child = Student.objects.create(family_name="=1+1", first_name="@SUM(A1)")
        Schooling.objects.create(student=child, school=school(), school_year=2026)
        table = keeping.take_table(made(), scope=EVERYWHERE, by=HEAD)
        rows = list(csv.reader(io.StringIO(table.removeprefix("\ufeff")), delimiter=";"))
        assert not [cell for row in rows for cell in row if cell[:1] in set("=+-@\t")]
        assert rows[1][1].startswith("'@SUM") and rows[1][3] == lines(LetterBatch.objects.get())[0].identifier

    def test_they_are_kept_for_a_day_or_until_they_are_printed(self, unprinted: Callable[[], None]) -> None:
        unprinted()
        pupils(["Inès"])
        first = made()
        [line] = lines(first)
        with pytest.raises(keeping.NoFile):
            keeping.take_pdf(first, 0, scope=scope_of(school("0690001B", "10")), by=HEAD)
        keeping.erase(first, scope=EVERYWHERE, by=HEAD)
        keeping.erase(first, scope=EVERYWHERE, by=HEAD)
        assert Record.objects.filter(act="letters.erased").count() == 1
        with pytest.raises(keeping.NoFile):
            keeping.take_pdf(first, 0, scope=EVERYWHERE, by=HEAD)
        assert use(line.identifier, line.code).student  # what is printed stays good
        second = made()
        LetterBatch.objects.filter(pk=second.pk).update(files_until=F("ready_at"))
        with pytest.raises(keeping.NoFile):
            keeping.take_table(second, scope=EVERYWHERE, by=HEAD)
        keeping.purge()
        assert not LetterPart.objects.exists() and not LetterFile.objects.exists()
        assert Letter.objects.filter(batch=second).exists()

    def test_letters_are_forgotten_three_months_after_their_codes(
        self, unprinted: Callable[[], None]
    ) -> None:
        unprinted()
        pupils(["Inès"])
        made()
        LetterBatch.objects.update(expires_at=timezone.now() - timedelta(days=89))
        keeping.purge()
        assert Letter.objects.exists()
        LetterBatch.objects.update(expires_at=timezone.now() - timedelta(days=91))
        keeping.purge()
        assert not LetterBatch.objects.exists() and not Letter.objects.exists()

    def test_a_code_lives_three_months_and_to_the_end_of_its_day(self, unprinted: Callable[[], None]) -> None:
        unprinted()
        pupils(["Inès"])
        batch = made()
        local = timezone.localtime(batch.expires_at)
        assert (local.hour, local.minute, local.second) == (0, 0, 0)
        assert timedelta(days=90) < batch.expires_at - batch.asked_at <= timedelta(days=91, hours=1)


class TestTakingBack:
    def test_one_a_class_or_a_school(self, unprinted: Callable[[], None]) -> None:
        unprinted()
        pupils(["Inès", "Malo"], "3 A"), pupils(["Zoé"], "3 B")
        batch = made()
        with pytest.raises(revoking.NotAllowed):
            revoking.revoke_school(school(), scope=NOWHERE, by=HEAD)
        said = {line.name: line for line in lines(batch)}
        used = said["Malo BENALI"]
        assert use(used.identifier, used.code).student
        first = Letter.objects.get(student__first_name="Inès")
        revoking.revoke(first, scope=scope_of(school()), by=HEAD)
        revoking.revoke(first, scope=scope_of(school()), by=HEAD)
        assert Record.objects.get(act="letter.revoked").subject == first.person.subject
        assert revoking.revoke_division(division("3 A"), scope=EVERYWHERE, by=HEAD) == 0
        assert revoking.revoke_division(division("3 B"), scope=EVERYWHERE, by=HEAD) == 1
        assert revoking.revoke_school(school(), scope=EVERYWHERE, by=HEAD) == 0
        for name in ("Inès BENALI", "Zoé BENALI"):
            with pytest.raises(WrongCode):
                use(said[name].identifier, said[name].code, client=name)
        assert use(used.identifier, used.code).student  # what was used stays used


def pixels(drawn: str) -> list[tuple[str, str]]:
    """Read the dark squares out of a drawing of ours: a path of strokes, one line after the other."""
    path = re.search(r' d="([^"]+)"', drawn)
    assert path is not None
    found: list[tuple[str, str]] = []
    x = y = 0.0
    for command, numbers in re.findall(r"([MmhH])([-0-9. ]+)", path[1]):
        values = [float(each) for each in re.findall(r"-?[0-9.]+", numbers)]
        if command == "M":
            x, y = values
        elif command == "m":
            x, y = x + values[0], y + values[1]
        else:
            found += [(str(x + step), str(y - 0.5)) for step in range(int(values[0]))]
            x += values[0]
    return found
