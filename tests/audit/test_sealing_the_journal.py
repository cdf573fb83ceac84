"""The journal is sealed by the clock: nothing is left out, and nobody waits."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import psycopg2
import pytest
from django.db import connection, connections

from audit import chain, sealing, tasks, verification
from audit.models import Record, Seal
from mcm_portal import database_roles
from mcm_portal.embedded.postgresql import APPLICATION
from tests.abreast import abreast

from .conftest import Write, ask

pytestmark = pytest.mark.django_db
A_LINE = (
    "INSERT INTO audit_record (act, actor, subject, fields, reason, academy) "
    "SELECT 'test.changed', 'system', 'user:' || n, '{{}}', '', '' FROM generate_series(1, {}) n"
)


def many(number: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute(A_LINE.format(number))


@pytest.fixture
def colleague(transactional_db: None) -> Iterator[psycopg2.extensions.connection]:
    """Somebody else at the portal, whose transaction stays open until they say so."""
    known = connection.settings_dict
    theirs = psycopg2.connect(host=known["HOST"], dbname=known["NAME"], user=known["USER"])
    yield theirs
    theirs.close()


def test_each_round_seals_what_is_new_and_is_chained_to_the_one_before(write: Write) -> None:
    first, second = write(), write(reason="Né à Œuilly, « d’août »", fields=["address", "phone"])
    [one] = sealing.seal()
    assert (one.number, one.last_id, one.count, one.previous) == (1, second.pk, 2, "")
    assert one.first_id <= first.pk
    assert sealing.seal() == []
    third = write()
    tasks.seal()
    two = Seal.objects.get(number=2)
    assert (two.first_id, two.last_id, two.count) == (second.pk + 1, third.pk, 1)
    assert two.previous == chain.link(Seal.objects.get(number=1))
    assert verification.verify().intact


def test_a_long_journal_is_sealed_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "MOST_LINES", 30)
    many(100)
    assert [seal.count for seal in sealing.seal()] == [30, 30, 30, 10]
    assert verification.verify().lines == 100


def test_a_line_whose_transaction_is_still_open_is_waited_for(
    colleague: psycopg2.extensions.connection, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sealing, "WRITERS_MAY_TAKE", 0.2)
    ask(colleague, A_LINE.format(1))
    newer = write()
    assert sealing.seal() == []
    assert not Seal.objects.exists()
    colleague.commit()
    older = Record.objects.earliest("pk")
    assert older.pk < newer.pk
    [seal] = sealing.seal()
    assert (seal.count, seal.last_id) == (2, newer.pk)
    assert verification.verify().intact


def test_a_transaction_that_is_undone_leaves_a_gap_and_no_doubt(
    colleague: psycopg2.extensions.connection, write: Write
) -> None:
    ask(colleague, A_LINE.format(3))
    newer = write()
    colleague.rollback()
    [seal] = sealing.seal()
    assert (seal.count, seal.last_id) == (1, newer.pk)
    assert verification.verify().intact


def test_nobody_waits_while_a_sealer_waits_for_somebody(
    colleague: psycopg2.extensions.connection, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask(colleague, A_LINE.format(1))
    newest = write()
    made: list[Seal] = []
    waits = threading.Event()
    look = sealing._writers

    def look_and_tell() -> set[str]:
        writing = look()
        waits.set()
        return writing

    monkeypatch.setattr(sealing, "_writers", look_and_tell)

    def clock() -> None:
        made.extend(sealing.seal())
        connections.close_all()

    sealer = threading.Thread(target=clock)
    sealer.start()
    waits.wait()
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = 200")
        for _again in range(20):  # while the sealer waits; each would be refused if it had to wait as well
            write()
        cursor.execute("RESET lock_timeout")
    assert sealer.is_alive()
    colleague.commit()
    sealer.join()
    # What came while it waited is for the next round.
    assert [seal.last_id for seal in made] == [newest.pk]
    assert sealing.seal()[0].count == 20
    assert verification.verify().intact


@pytest.mark.django_db(transaction=True)
def test_eight_sealers_at_once_make_one_chain(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "MOST_LINES", 25)
    many(1000)
    made = abreast(*[sealing.seal] * 8)
    assert all(isinstance(each, list) for each in made), made
    assert sum(len(each) for each in made) == Seal.objects.count() == 40
    verdict = verification.verify()
    assert verdict.intact, verdict.faults
    assert (verdict.seals, verdict.lines) == (40, 1000)


def test_the_portals_own_role_seals_and_verifies_and_forgets(
    as_the_portal: psycopg2.extensions.connection, write: Write
) -> None:
    write()
    theirs = {**connection.settings_dict, "USER": APPLICATION}
    with database_roles.connected_as(theirs):
        tasks.seal()
        tasks.verify()
        tasks.purge()
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_user")
            assert cursor.fetchone() == (APPLICATION,)
    assert Seal.objects.get().count == 1
    assert Record.objects.filter(act="audit.verified").count() == 1


def test_how_long_a_line_has_waited_for_its_seal_is_known(write: Write) -> None:
    assert sealing.oldest_unsealed_seconds() is None
    write()
    waited = sealing.oldest_unsealed_seconds()
    assert waited is not None and waited >= 0
    sealing.seal()
    assert sealing.oldest_unsealed_seconds() is None
