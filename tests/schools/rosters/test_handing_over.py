"""A school hands files over: read by a worker, looked at, applied whole or not at all (F6, F12, F18)."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, connection, transaction
from django.db.models.functions import Now

from audit.models import Record
from schools.models import (
    GuardianContact,
    GuardianTie,
    RosterFilePart,
    RosterImport,
    Schooling,
    StaffMember,
    StagedPupil,
    Student,
)
from schools.reference import loading
from schools.rosters import importing, keeping, sweeping
from schools.scope import EVERYWHERE, Scope

from . import generator
from .declared import HEAD, at_school, class_of, declare, read, school

pytestmark = pytest.mark.usefixtures("academies", "in_autumn")
ROOT = Path(settings.BASE_DIR)
State = RosterImport.State
HEADERS = "Nom;Prénom;Date de naissance;Classe\r\n"


def upload(path: Path) -> Any:
    return SimpleUploadedFile(path.name, path.read_bytes())


def typed(text: str, name: str = "eleves.csv") -> Any:
    return SimpleUploadedFile(name, text.encode())


def hand_over(files: list[Any], kind: str = "pupils", **given: Any) -> RosterImport:
    return importing.hand_over(school(**given), kind, files, scope=EVERYWHERE, by=HEAD)


def read_of(made: RosterImport) -> RosterImport:
    importing.read(str(made.public_id))
    made.refresh_from_db()
    return made


def applied(made: RosterImport) -> RosterImport:
    importing.decide(made, by=HEAD)
    importing.apply(str(made.public_id))
    made.refresh_from_db()
    return made


@pytest.mark.parametrize("zipped", [False, True])
def test_what_a_college_exports_from_siecle_is_applied(tmp_path: Path, zipped: bool) -> None:
    roster = generator.Roster(seed=3, pupils=40, awkward=generator.EVERYTHING)
    files = [upload(path) for path in generator.siecle(roster, tmp_path, zipped=zipped)]
    made = read_of(hand_over(files, "siecle", uai=roster.uai, academy="01"))
    assert made.state == State.READY, made.reason
    applied(made)
    pupils = [row for row in roster.rows() if type(row).__name__ == "PupilRow"]
    assert Schooling.objects.current().count() == len(pupils)
    assert GuardianContact.objects.exists() and GuardianTie.objects.exists()
    again = applied(read_of(hand_over(files, "siecle", uai=roster.uai, academy="01")))
    assert again.counts["pupils"].get("new", 0) == again.counts["pupils"].get("gone", 0) == 0
    assert again.counts["pupils"].get("changed", 0) == 0
    assert set(again.counts["contacts"]) <= {"unchanged", "refused"}


def test_what_a_primary_school_exports_from_onde_is_applied(tmp_path: Path) -> None:
    roster = generator.Roster(seed=4, pupils=30)
    made = read_of(hand_over([upload(path) for path in generator.onde(roster, tmp_path)], "onde"))
    assert made.state == State.READY, made.reason
    assert applied(made).counts["pupils"]["new"] == 30
    assert GuardianTie.objects.filter(removed_at=None).exists()


def test_staff_come_out_of_a_workbook(tmp_path: Path) -> None:
    declare(class_of(3))
    roster = generator.Roster(seed=5, pupils=10)
    table = upload(generator.staff_table(roster, tmp_path, form="xlsx"))
    made = read_of(hand_over([table], "staff"))
    assert made.state == State.READY, made.reason
    applied(made)
    assert StaffMember.objects.filter(role="head").count() == 1
    assert StaffMember.objects.count() == len(list(roster.staff()))
    assert Schooling.objects.current().count() == 3, "pupils are another file's"


def test_a_file_of_another_school_is_refused_whole_and_says_so(tmp_path: Path) -> None:
    roster = generator.Roster(seed=3, pupils=5)
    made = read_of(hand_over([upload(path) for path in generator.siecle(roster, tmp_path)], "siecle"))
    assert (made.state, made.reason) == (State.REFUSED, "uai_other")
    assert not Student.objects.exists() and not RosterFilePart.objects.exists()


def test_a_line_of_another_school_refuses_the_table_and_is_named() -> None:
    lines = "MARTIN;Léa;09/03/2012;3 A;0141396S\r\nBENALI;Karim;10/03/2012;3 A;0750680G\r\n"
    made = read_of(hand_over([typed(HEADERS.strip() + ";Code UAI\r\n" + lines)]))
    assert (made.state, made.reason, made.reason_line) == (State.REFUSED, "uai_other", 3)
    assert not Student.objects.exists()


def test_a_file_cut_in_the_middle_is_refused_and_takes_nobody_away(tmp_path: Path) -> None:
    """Half of the pupils are missing: nobody loses anything (SAFETY T51, F18)."""
    roster = generator.Roster(seed=3, pupils=40)
    paths = generator.siecle(roster, tmp_path)
    at = {"uai": roster.uai, "academy": "01"}
    applied(read_of(hand_over([upload(path) for path in paths], "siecle", **at)))
    pupils = paths[0]
    pupils.write_bytes(pupils.read_bytes()[: pupils.stat().st_size // 2])
    made = read_of(hand_over([upload(path) for path in paths], "siecle", **at))
    assert (made.state, made.reason) == (State.REFUSED, "xml_truncated")
    assert Schooling.objects.current().count() == 40


def test_a_table_whose_columns_we_do_not_know_waits_for_the_school_to_say() -> None:
    made = hand_over([typed("A;B;C;D\r\nMARTIN;Léa;09/03/2012;3 A\r\n")])
    assert made.state == State.MAPPING
    read_of(made)
    assert made.state == State.MAPPING, "no worker reads it before"
    found = importing.columns_of(made)
    assert found.headers == ("A", "B", "C", "D") and found.missing
    importing.say_columns(made, {"A": "family_name", "B": "first_name", "C": "birth_date", "D": "division"})
    applied(read_of(made))
    assert at_school() == {"Léa"}


def test_what_is_no_table_at_all_is_refused_on_the_spot() -> None:
    made = hand_over([SimpleUploadedFile("eleves.xlsx", b"PK\x03\x04nonsense")])
    assert made.state == State.REFUSED and made.reason
    assert not RosterFilePart.objects.exists()


def test_one_import_at_a_time_for_a_school_and_another_after_it() -> None:
    first = hand_over([typed(HEADERS + "MARTIN;Léa;09/03/2012;3 A\r\n")])
    with pytest.raises(importing.AlreadyOne):
        hand_over([typed(HEADERS + "MARTIN;Hugo;09/03/2012;3 A\r\n")])
    hand_over([typed(HEADERS + "MARTIN;Hugo;09/03/2012;3 A\r\n")], uai="0750680G", academy="01")
    importing.give_up(first, by=HEAD)
    assert hand_over([typed(HEADERS + "MARTIN;Hugo;09/03/2012;3 A\r\n")]).state == State.UPLOADED
    with pytest.raises(IntegrityError, match="one_import_at_a_time"), transaction.atomic():
        RosterImport.objects.create(school=school(), kind="onde", uploaded_by=HEAD)


def test_whoever_may_not_import_there_hands_nothing_over() -> None:
    file = [typed(HEADERS)]
    for scope in (Scope(), Scope(academies=frozenset({"01"})), Scope(schools=frozenset({"0750680G"}))):
        with pytest.raises(importing.NotAllowed):
            importing.hand_over(school(), "pupils", file, scope=scope, by=HEAD)
    for scope in (Scope(academies=frozenset({"70"})), Scope(schools=frozenset({"0141396S"}))):
        importing.give_up(importing.hand_over(school(), "pupils", file, scope=scope, by=HEAD), by=HEAD)


def test_more_than_twenty_megabytes_are_not_even_kept() -> None:
    huge = typed(HEADERS)
    huge.size = importing.MOST_BYTES + 1
    with pytest.raises(importing.TooLarge):
        hand_over([huge])
    with pytest.raises(importing.TooLarge):
        hand_over([])
    assert not RosterImport.objects.exists()


def test_a_file_of_several_megabytes_is_kept_as_it_is() -> None:
    content = os.urandom(2_500_000)
    made = hand_over([SimpleUploadedFile("..\\..\\ÉLÈVES.XML", content)], "siecle")
    assert made.files.get().name == "ÉLÈVES.XML" and RosterFilePart.objects.count() == 3
    with keeping.files_of(made) as paths:
        assert [path.name for path in paths] == ["0.xml"]
        assert paths[0].read_bytes() == content
    assert not paths[0].exists()


def test_what_was_given_up_changes_nothing_and_is_forgotten() -> None:
    made = read_of(hand_over([typed(HEADERS + "MARTIN;Léa;09/03/2012;3 A\r\n")]))
    importing.give_up(made, by=HEAD)
    assert made.state == State.CANCELLED
    assert not StagedPupil.objects.exists() and not RosterFilePart.objects.exists()
    with pytest.raises(importing.NotNow):
        importing.decide(made, by=HEAD)
    importing.apply(str(made.public_id))
    assert not Student.objects.exists()
    assert list(Record.objects.order_by("id").values_list("act", flat=True)) == [
        "roster.handed_over",
        "roster.given_up",
    ]


def test_deciding_twice_applies_once() -> None:
    made = read_of(hand_over([typed(HEADERS + "MARTIN;Léa;09/03/2012;3 A\r\n")]))
    other_tab = RosterImport.objects.get(pk=made.pk)
    importing.decide(made, by=HEAD)
    with pytest.raises(importing.NotNow):
        importing.decide(other_tab, by=HEAD)
    for _worker in range(2):
        importing.apply(str(made.public_id))
    assert Record.objects.filter(act="roster.applied").count() == 1


def test_a_disk_that_is_full_applies_nothing_and_says_so() -> None:
    """PostgreSQL itself says that there is no room, in the middle of what is applied."""
    made = read(class_of(20))
    importing.decide(made, by=HEAD)
    with connection.cursor() as cursor:
        cursor.execute(
            "CREATE FUNCTION no_room() RETURNS trigger LANGUAGE plpgsql AS "
            "$$ BEGIN RAISE EXCEPTION 'No space left on device' USING ERRCODE = '53100'; END $$"
        )
        cursor.execute(
            "CREATE TRIGGER no_room BEFORE INSERT ON schools_divisionpupil EXECUTE FUNCTION no_room()"
        )
    importing.apply(str(made.public_id))
    made.refresh_from_db()
    assert (made.state, made.reason) == (State.FAILED, "disk_full")
    assert not Student.objects.exists() and not Schooling.objects.exists()
    assert not Record.objects.filter(act="roster.applied").exists()


def test_a_worker_without_room_for_what_it_reads_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", "/dev/full/nowhere")
    made = read_of(hand_over([SimpleUploadedFile("eleves.xml", b"<x/>")], "siecle"))
    assert (made.state, made.reason) == (State.FAILED, "unexpected")


def test_a_mistake_of_ours_ends_in_a_state_and_leaves_no_name_in_the_logs(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def breaks(*_given: object, **_more: object) -> None:
        raise RuntimeError("MARTIN Léa 09/03/2012")

    made = hand_over([typed(HEADERS + "MARTIN;Léa;09/03/2012;3 A\r\n")])
    monkeypatch.setattr("schools.rosters.readers.open_roster", breaks)
    read_of(made)
    assert (made.state, made.reason) == (State.FAILED, "unexpected")
    said = capsys.readouterr()
    assert "MARTIN" not in said.out + said.err


def test_an_import_that_no_worker_came_for_is_given_to_another(monkeypatch: pytest.MonkeyPatch) -> None:
    published: list[tuple[str, str]] = []
    monkeypatch.setattr("schools.rosters.nudging.soon", lambda task, key: published.append((task, str(key))))
    made = hand_over([typed(HEADERS + "MARTIN;Léa;09/03/2012;3 A\r\n")])
    assert sweeping.sweep() == 0, "it has a minute"
    RosterImport.objects.update(held_until=Now() - timedelta(seconds=1))
    assert sweeping.sweep() == 1
    assert published == [("schools.tasks.read_roster", str(made.public_id))] * 2
    assert read_of(made).state == State.READY


def test_one_that_kills_its_workers_is_given_up_after_three(monkeypatch: pytest.MonkeyPatch) -> None:
    made = hand_over([typed(HEADERS + "MARTIN;Léa;09/03/2012;3 A\r\n")])
    for attempt in range(1, 4):
        RosterImport.objects.update(
            state=State.READING, attempts=attempt, held_until=Now() - timedelta(seconds=1)
        )
        sweeping.sweep()
        made.refresh_from_db()
        assert made.state == (State.UPLOADED if attempt < 3 else State.FAILED)
    assert made.reason == "worker_lost" and not RosterFilePart.objects.exists()


class TestKilledHalfWay:
    """A worker that is killed with SIGKILL in the middle of a statement (SAFETY F6, F18)."""

    pytestmark = pytest.mark.django_db(transaction=True)

    @pytest.fixture
    def academies(self, transactional_db: None) -> None:
        loading.load()

    @pytest.fixture
    def killed(self) -> Iterator[Any]:
        """Run a function of importing in another process, stop it at a table, and kill it there."""

        def kill(what: str, made: RosterImport, table: str) -> None:
            code = (
                "import django; django.setup()\n"
                "from schools.rosters import importing\n"
                f"importing.{what}('{made.public_id}')"
            )
            with transaction.atomic(), connection.cursor() as cursor:
                cursor.execute(f"LOCK TABLE {table} IN SHARE MODE")
                process = subprocess.Popen(
                    [sys.executable, "-c", code], cwd=ROOT, env={**os.environ, **self.environment()}
                )
                try:
                    until = time.monotonic() + 60
                    waits = 0
                    while not waits and time.monotonic() < until and process.poll() is None:
                        time.sleep(0.05)
                        cursor.execute(
                            "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = %s::regclass",
                            [table],
                        )
                        waits = cursor.fetchone()[0]
                    assert waits, "it never came to this table"
                finally:
                    process.send_signal(signal.SIGKILL)
                    process.wait()
            # The server ends what the dead one held as soon as it notices.
            self.wait_until_alone()

        yield kill

    @staticmethod
    def environment() -> dict[str, str]:
        """Return what leads another process to the database of the tests."""
        given = connection.get_connection_params()
        host, port = given["host"], given.get("port") or ""
        password = given.get("password", "")
        url = f"postgresql://{given['user']}:{password}@:{port}/{given['dbname']}?host={host}"
        if not str(host).startswith("/"):
            url = f"postgresql://{given['user']}:{password}@{host}:{port}/{given['dbname']}"
        return {"DATABASE_URL": url, "DJANGO_SETTINGS_MODULE": "mcm_portal.settings"}

    @staticmethod
    def wait_until_alone() -> None:
        for _second in range(200):
            with connection.cursor() as cursor:
                cursor.execute(
                    "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() "
                    "AND pid <> pg_backend_pid() AND state <> 'idle'"
                )
                if not cursor.fetchone()[0]:
                    return
            time.sleep(0.05)
        raise AssertionError("the dead worker still holds something")

    def test_while_it_applies_nothing_is_kept_and_another_worker_does_it_whole(self, killed: Any) -> None:
        made = read(class_of(30))
        importing.decide(made, by=HEAD)
        killed("apply", made, "schools_divisionpupil")
        assert not Student.objects.exists() and not Schooling.objects.exists()
        made.refresh_from_db()
        assert made.state == State.APPLYING
        RosterImport.objects.update(held_until=Now() - timedelta(seconds=1))
        assert sweeping.sweep() == 1
        importing.apply(str(made.public_id))
        made.refresh_from_db()
        assert made.state == State.APPLIED and Schooling.objects.count() == 30

    def test_while_it_reads_another_worker_reads_it_again(self, killed: Any) -> None:
        made = hand_over([typed(HEADERS + "MARTIN;Léa;09/03/2012;3 A\r\n")])
        killed("read", made, "schools_stagedpupil")
        made.refresh_from_db()
        assert made.state == State.READING and not StagedPupil.objects.exists()
        RosterImport.objects.update(held_until=Now() - timedelta(seconds=1))
        assert sweeping.sweep() == 1
        assert applied(read_of(made)).state == State.APPLIED
        assert json.loads(json.dumps(made.counts))["pupils"] == {"new": 1}
