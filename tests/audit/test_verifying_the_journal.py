"""Whoever holds the database and changes the journal is found out, and told where (SAFETY T53)."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from typing import Any

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit import chain, retention, sealing, tasks, verification
from audit.models import Record, Seal
from audit.verification import Kind
from mcm_portal import checks
from tests.accounts.staff import appoint, staff_client
from tests.back_office.plans import assert_no_scan

from .conftest import Write, ask

pytestmark = pytest.mark.django_db
SQL = Callable[..., None]


@pytest.fixture
def tamper() -> SQL:
    """Change the journal as whoever owns the database can, with its trigger silenced."""

    def run(statement: str, *values: object) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL audit.allow_change = 'on'")
            cursor.execute(statement, values)
            assert cursor.rowcount > 0
            cursor.execute("SET LOCAL audit.allow_change = ''")

    return run


@pytest.fixture
def sealed(write: Write) -> list[Seal]:
    """Three seals over two lines each, with an id that was never used in the second."""
    made = []
    for _each in range(3):
        write(reason="Appel du 3 mai.", fields=["address"])
        with connection.cursor() as cursor:
            cursor.execute("SELECT nextval('audit_record_id_seq')")
        write(academy="70")
        made += sealing.seal()
    assert verification.verify().intact
    return made


def found() -> list[tuple[Kind, int, int]]:
    return [(fault.kind, fault.seal, fault.lines) for fault in verification.verify().faults]


@pytest.mark.parametrize(
    "change",
    [
        "at = at + interval '1 microsecond'",
        "act = 'test.other'",
        "actor = 'user:2'",
        "subject = 'user:2'",
        "fields = '{}'",
        "fields = '{addr,ess}'",
        "reason = 'Appel du 4 mai.'",
        "academy = '70'",
    ],
)
def test_a_line_that_was_changed_is_found(sealed: list[Seal], tamper: SQL, change: str) -> None:
    tamper(f"UPDATE audit_record SET {change} WHERE id = %s", sealed[0].last_id + 1)
    assert found() == [(Kind.ALTERED, 2, 0)]


def test_a_line_that_is_gone_is_found(sealed: list[Seal], tamper: SQL) -> None:
    tamper("DELETE FROM audit_record WHERE id = %s", sealed[1].last_id)
    assert found() == [(Kind.MISSING, 2, 1)]
    tamper("DELETE FROM audit_record WHERE id <= %s", sealed[1].last_id)
    assert found() == [(Kind.MISSING, 1, 2), (Kind.MISSING, 2, 2)]


@pytest.mark.parametrize("place", [1, 2])
def test_a_line_that_was_slipped_in_is_found(sealed: list[Seal], tamper: SQL, place: int) -> None:
    unused = sealed[place - 1].last_id - 1
    add = "INSERT INTO audit_record (id, act, actor, subject, fields, reason, academy) "
    tamper(add + "VALUES (%s, 'test.changed', 'system', 'user:9', '{}', '', '')", unused)
    assert found() == [(Kind.ADDED, place, 1)]


def test_a_line_below_every_seal_is_found(sealed: list[Seal], tamper: SQL) -> None:
    add = "INSERT INTO audit_record (id, act, actor, subject, fields, reason, academy) "
    tamper(add + "VALUES (-5, 'test.changed', 'system', 'user:9', '{}', '', '')")
    assert found() == [(Kind.ADDED, 1, 1)]


def test_a_line_exchanged_for_another_is_found(sealed: list[Seal], tamper: SQL) -> None:
    tamper("UPDATE audit_record SET id = %s WHERE id = %s", sealed[1].last_id - 1, sealed[1].last_id)
    assert found() == [(Kind.ALTERED, 2, 0)]


@pytest.mark.parametrize(
    "change",
    ["count = 7", "sealed_at = sealed_at - interval '1 year'", "vouches = NOT vouches", "mac = md5(mac)"],
)
def test_a_seal_that_was_changed_is_found(sealed: list[Seal], tamper: SQL, change: str) -> None:
    tamper(f"UPDATE audit_seal SET {change} WHERE number = 2")
    assert {(Kind.FORGED, 2), (Kind.UNCHAINED, 3)} <= {(kind, seal) for kind, seal, _lines in found()}


def test_a_line_changed_with_its_digest_is_found_by_the_seal_alone(sealed: list[Seal], tamper: SQL) -> None:
    tamper("UPDATE audit_record SET actor = 'user:2' WHERE id = %s", sealed[2].last_id)
    rewrite(sealed[2], tamper)
    assert found() == [(Kind.FORGED, 3, 0)]


def test_seals_that_are_gone_are_found(sealed: list[Seal], tamper: SQL) -> None:
    tamper("DELETE FROM audit_seal WHERE number = 2")
    assert (Kind.SEALS_MISSING, 2, 0) in found()
    tamper("DELETE FROM audit_seal WHERE number = 1")
    fault = verification.verify().faults[0]
    assert (fault.kind, fault.seal, fault.until) == (Kind.SEALS_MISSING, 1, 2)


def test_seals_cut_off_at_the_end_are_found_by_what_the_log_says(sealed: list[Seal], tamper: SQL) -> None:
    logged = sealing.known(sealed[2])
    assert verification.verify(known=logged).intact
    tamper("DELETE FROM audit_record WHERE id > %s", sealed[1].last_id)
    tamper("DELETE FROM audit_seal WHERE number = 3")
    assert verification.verify().intact
    assert [fault.kind for fault in verification.verify(known=logged).faults] == [Kind.CUT_OFF]
    for nonsense in ("3", ":abc", "trois:abc"):
        with pytest.raises(ValueError, match="NUMBER:BEGINNING"):
            verification.verify(known=nonsense)


def rewrite(seal: Seal, tamper: SQL, *, keys: chain.Keys | None = None) -> None:
    """Make a seal fit its lines and the seal before, as far as one can without the key (or with ``keys``)."""
    stored = Seal.objects.get(number=seal.number)
    before = Seal.objects.filter(number=seal.number - 1).first()
    digest = hashlib.sha256()
    for line in chain.lines(after=stored.first_id - 1, last=stored.last_id):
        digest.update(chain.canonical(*line))
    stored.digest = digest.hexdigest()
    stored.previous = chain.link(before) if before else ""
    if keys is not None:
        keys.sign(stored)
    tamper(
        "UPDATE audit_seal SET digest = %s, previous = %s, key = %s, mac = %s WHERE number = %s",
        stored.digest, stored.previous, stored.key, stored.mac, stored.number,
    )  # fmt: skip


class TestAnotherKey:
    """The key is changed one day, and a thief has one of their own."""

    @pytest.fixture(autouse=True)
    def _first_key(self, settings: Any) -> Iterator[None]:
        settings.AUDIT_PSEUDONYM_KEY, settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = [], "first", []
        yield

    def test_after_a_change_the_new_seal_vouches_for_the_old_ones(
        self, sealed: list[Seal], write: Write, settings: Any, tamper: SQL
    ) -> None:
        settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "second", ["first"]
        write()
        sealing.seal()
        settings.SECRET_KEY_FALLBACKS = []
        assert verification.verify().intact
        # Nobody here has the old key, and still:
        tamper("UPDATE audit_record SET actor = 'user:2' WHERE id = %s", sealed[0].last_id)
        assert found() == [(Kind.ALTERED, 1, 0)]
        rewrite(sealed[0], tamper)
        assert (Kind.UNCHAINED, 2, 0) in found()

    def test_without_the_old_key_the_new_seal_does_not_vouch_until_it_is_given_again(
        self, sealed: list[Seal], write: Write, settings: Any
    ) -> None:
        settings.SECRET_KEY = "second"
        assert found() == [(Kind.UNKNOWN_KEY, 1, 0)]
        write()
        [after] = sealing.seal()
        assert not after.vouches
        fault = verification.verify().faults[0]
        assert (fault.kind, fault.seal, fault.until) == (Kind.UNKNOWN_KEY, 1, 3)
        settings.SECRET_KEY_FALLBACKS = ["first"]
        assert verification.verify().intact

    def test_a_key_for_the_journal_alone_takes_over_and_may_be_changed_as_well(
        self, sealed: list[Seal], write: Write, settings: Any
    ) -> None:
        for keys in (["journal"], ["another", "journal"]):
            settings.AUDIT_PSEUDONYM_KEY = keys
            write()
            assert sealing.seal()[0].vouches
        settings.SECRET_KEY, settings.AUDIT_PSEUDONYM_KEY = "third", ["another"]
        assert verification.verify().intact

    def test_a_thief_who_makes_the_whole_chain_again_with_a_key_of_their_own_is_found(
        self, sealed: list[Seal], write: Write, settings: Any, tamper: SQL
    ) -> None:
        tamper("UPDATE audit_record SET actor = 'user:2' WHERE id = %s", sealed[0].last_id)
        settings.SECRET_KEY = "the thief's"
        for seal in sealed:
            rewrite(seal, tamper, keys=chain.Keys())
        assert verification.verify().intact  # to the thief
        settings.SECRET_KEY = "first"
        assert found() == [(Kind.UNKNOWN_KEY, 1, 0)]
        write()
        sealing.seal()  # which must not vouch for what it did not make
        assert found() == [(Kind.UNKNOWN_KEY, 1, 0)]


class TestRetention:
    """Twelve months, and not a day less."""

    @pytest.fixture
    def old(self, write: Write, tamper: SQL, monkeypatch: pytest.MonkeyPatch) -> list[Seal]:
        """Two seals of thirteen months ago, over three lines each, then one of today."""
        made = []
        with monkeypatch.context() as then:
            long_ago = sealing._now() - timedelta(days=400)
            then.setattr(sealing, "_now", lambda: long_ago)
            for _each in range(2):
                for _line in range(3):
                    key = write().pk
                    tamper("UPDATE audit_record SET at = %s WHERE id = %s", long_ago, key)
                made += sealing.seal()
        write()
        return made + sealing.seal()

    def test_lines_of_more_than_twelve_months_go_and_their_seals_stay(self, old: list[Seal]) -> None:
        assert retention.purge() == 6
        assert [row.pk for row in Record.objects.all()] == [old[2].last_id]
        assert Seal.objects.count() == 3
        verdict = verification.verify()
        assert verdict.intact, verdict.faults
        assert verdict.purged == 2
        assert retention.purge() == 0
        with connection.cursor() as cursor:  # and the trigger is as wary as before
            cursor.execute("SELECT current_setting('audit.allow_change', true)")
            assert cursor.fetchone()[0] != "on"

    def test_what_is_not_sealed_or_not_old_enough_stays(self, write: Write, tamper: SQL) -> None:
        def age(day: datetime) -> None:
            tamper("UPDATE audit_record SET at = %s", day)

        write()
        age(retention.horizon() - timedelta(days=1))
        assert retention.purge() == 0  # not sealed
        sealing.seal()
        assert retention.purge() == 0  # sealed today
        assert Record.objects.count() == 1

    def test_old_lines_that_went_otherwise_than_by_whole_seals_are_missed(
        self, old: list[Seal], tamper: SQL
    ) -> None:
        tamper("DELETE FROM audit_record WHERE id = %s", old[0].last_id)
        assert found() == [(Kind.MISSING, 1, 1)]
        tamper("DELETE FROM audit_record WHERE id BETWEEN %s AND %s", old[1].first_id, old[1].last_id)
        assert found() == [(Kind.MISSING, 1, 1), (Kind.MISSING, 2, 3)]

    def test_the_portals_role_cannot_hasten_it_by_a_seal_of_its_own(
        self, as_the_portal: psycopg2.extensions.connection, write: Write
    ) -> None:
        row = write()
        ask(
            as_the_portal,
            "INSERT INTO audit_seal VALUES (1, 1, 999999, 1, '2001-01-01', 'd', '', true, 'k', 'm')",
        )
        assert ask(as_the_portal, "SELECT audit_purge()") == [(0,)]
        ask(as_the_portal, "CREATE TEMPORARY TABLE audit_seal (LIKE public.audit_seal)")
        ask(as_the_portal, "INSERT INTO audit_seal SELECT * FROM public.audit_seal")
        ask(as_the_portal, "CREATE TEMPORARY TABLE audit_record (LIKE public.audit_record)")
        assert ask(as_the_portal, "SELECT audit_purge()") == [(0,)]
        assert Record.objects.get() == row
        assert (Kind.UNKNOWN_KEY, 1, 0) in found()


def test_the_command_says_where_it_is_broken_and_notes_it_in_the_journal(
    sealed: list[Seal], tamper: SQL, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("verify_journal")
    assert "Le journal est intact." in capsys.readouterr().out
    assert Record.objects.get(act="audit.verified").reason == "3 sceaux, 6 lignes"
    tamper("DELETE FROM audit_record WHERE id = %s", sealed[1].last_id)
    with pytest.raises(CommandError, match="1 anomalie"):
        call_command("verify_journal")
    lines = f"lignes {sealed[1].first_id} à {sealed[1].last_id}"
    assert f"Sceau 2 ({lines}) : il manque 1 ligne." in capsys.readouterr().err
    assert "il manque 1 ligne" in Record.objects.get(act="audit.found_broken").reason
    with pytest.raises(CommandError, match="--known attend"):
        call_command("verify_journal", known="nonsense")


def test_whoever_watches_learns_of_lines_without_a_seal_and_of_a_broken_journal(
    sealed: list[Seal], tamper: SQL, client: Client
) -> None:
    def says() -> str:
        return client.get("/metrics").content.decode()

    assert "portal_journal_oldest_unsealed_seconds 0.0\n" in says()
    assert "portal_journal_intact" not in says()
    tasks.verify()
    assert "portal_journal_intact 1.0" in says()
    assert "portal_journal_oldest_unsealed_seconds 0.0\n" not in says()  # the line that tells of it
    tamper("DELETE FROM audit_record WHERE id = %s", sealed[1].last_id)
    tasks.verify()
    assert "portal_journal_intact 0.0" in says()


def test_a_key_that_could_be_guessed_is_told(settings: Any) -> None:
    settings.AUDIT_PSEUDONYM_KEY = []
    assert checks.audit_key_is_a_secret() == []
    settings.AUDIT_PSEUDONYM_KEY = ["k" * 32, "short"]
    assert [each.id for each in checks.audit_key_is_a_secret()] == ["mcm_portal.W003"]


def test_a_thousand_faults_are_counted_and_not_all_told(
    write: Write, tamper: SQL, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "MOST_FAULTS", 2)
    for _each in range(5):
        write()
        sealing.seal()
    tamper("DELETE FROM audit_record")
    verdict = verification.verify()
    assert (len(verdict.faults), verdict.more_faults) == (2, 3)


def test_its_readers_see_until_when_it_is_sealed_and_what_was_found(
    portal: None, sealed: list[Seal], tamper: SQL
) -> None:
    browser = staff_client(appoint(None, "dpo"))

    def page() -> str:
        return browser.get("/administration/audit/record/").content.decode().replace("\xa0", " ")

    last = Seal.objects.latest("number")
    assert f"(ligne {last.last_id}, sceau {last.number})." in page()
    assert "Pas encore vérifié." in page()
    tasks.verify()
    lines = sum(seal.count for seal in sealed)
    assert f": intact (3 sceaux, {lines} lignes)." in page()
    tamper("DELETE FROM audit_record WHERE id = %s", sealed[1].last_id)
    tasks.verify()
    assert f": anomalie (3 sceaux, {lines - 1} lignes. Sceau 2" in page()


def test_neither_sealing_nor_verifying_reads_a_table_from_end_to_end(write: Write) -> None:
    with connection.cursor() as cursor:
        cursor.execute("""
            INSERT INTO audit_record (act, actor, subject, fields, reason, academy)
            SELECT 'test.changed', 'system', 'user:s' || n, '{}', '', '' FROM generate_series(1, 20000) n""")
        sealing.seal()
        cursor.execute("ANALYZE audit_record")
        write()
        with CaptureQueriesContext(connection) as captured:
            sealing.seal()
            verification.verify()
            sealing.oldest_unsealed_seconds()
            verification.last_noted()
        asked = {q["sql"] for q in captured if q["sql"].startswith("SELECT") and '"audit_record"' in q["sql"]}
        assert len(asked) > 20  # batch after batch
        plans = []
        for statement in asked:
            cursor.execute("EXPLAIN " + statement.replace("%", "%%"))
            plans.append(statement + "\n" + "\n".join(line for (line,) in cursor.fetchall()))
    assert_no_scan(plans, "audit_record")
