"""PostgreSQL is killed, locked or frozen while people use the portal (SAFETY F10, F11)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from benchmarks.private_postgres import PrivatePostgres
from mcm_portal import outage

from .conftest import Answer, WebServer

SLACK = 3.0  # seconds that a busy test machine may add


@pytest.fixture(autouse=True)
def _running(postgres: PrivatePostgres) -> Iterator[None]:
    if postgres.process is None:
        postgres.start()
    yield
    if postgres.process is not None:
        postgres.thaw()


def assert_sorry(answer: Answer) -> None:
    assert answer.status == 503
    assert answer.headers["retry-after"] == "5"
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-store"
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert answer.headers["x-frame-options"] == "DENY"


def test_pages_say_sorry_while_postgresql_is_dead_and_work_as_soon_as_it_is_back(
    postgres: PrivatePostgres, web: WebServer
) -> None:
    assert web.get("/ask").status == 200
    postgres.kill()
    for page in ("/ask", "/in-transaction", "/ask"):
        assert_sorry(web.get(page))
    assert web.get("/plain").status == 200
    lines = [line for line in web.log.read_text().splitlines() if '"GET ask"' in line]
    assert '"code": 503' in lines[-1]  # an outage is no error of the page's
    postgres.start()
    assert [web.get(page).status for page in ("/ask", "/in-transaction", "/ask")] == [200, 200, 200]


def test_a_restart_between_two_pages_is_seen_by_nobody(postgres: PrivatePostgres, web: WebServer) -> None:
    with ThreadPoolExecutor(4) as people:
        assert {answer.status for answer in people.map(web.get, ["/ask"] * 8)} == {200}
        postgres.kill()
        postgres.start()
        assert {answer.status for answer in people.map(web.get, ["/ask"] * 8)} == {200}


def test_a_session_that_cannot_be_read_by_a_middleware_is_an_outage_too(
    postgres: PrivatePostgres, web: WebServer
) -> None:
    postgres.kill()
    assert_sorry(web.get("/session", Cookie="sid=abcdefghijklmnopqrstuvwxyz012345"))


def test_a_locked_table_ends_in_a_sentence(postgres: PrivatePostgres, web: WebServer) -> None:
    postgres.execute("CREATE TABLE IF NOT EXISTS busy (id int); COMMIT").close()
    lock = postgres.execute("LOCK TABLE busy")
    try:
        answer = web.get("/locked")
        assert_sorry(answer)
        assert answer.seconds < 3 + SLACK
    finally:
        lock.close()
    assert web.get("/locked").status == 200


@pytest.mark.long
def test_a_statement_without_end_ends_in_a_sentence(postgres: PrivatePostgres, web: WebServer) -> None:
    answer = web.get("/sleep")
    assert_sorry(answer)
    assert answer.seconds < 10 + SLACK
    assert web.get("/ask").status == 200


@pytest.mark.long
def test_nobody_hangs_while_postgresql_is_frozen(postgres: PrivatePostgres, web: WebServer) -> None:
    with ThreadPoolExecutor(4) as people:
        list(people.map(web.get, ["/ask"] * 8))
        postgres.freeze()
        answers = list(people.map(web.get, ["/ask", "/in-transaction", "/ask", "/plain"]))
        for answer in answers[:3]:
            assert_sorry(answer)
            assert answer.seconds < outage.PATIENCE + SLACK
        assert answers[3].status == 200
        # Now that it is known to be silent, people are told sooner.
        for answer in people.map(web.get, ["/ask"] * 4):
            assert_sorry(answer)
            assert answer.seconds < 2 * outage.SILENT_PATIENCE + SLACK
        ready = web.get("/readyz")
        assert ready.status == 503
        assert ready.seconds < 5
        postgres.thaw()
        assert [web.get("/ask").status for _ in range(4)] == [200] * 4


@pytest.mark.long
def test_postgresql_frozen_in_the_middle_of_a_statement(postgres: PrivatePostgres, web: WebServer) -> None:
    with ThreadPoolExecutor(1) as people:
        sleeping = people.submit(web.get, "/sleep")
        while "pg_sleep" not in str(_activity(postgres)):
            pass
        postgres.freeze()
        answer = sleeping.result()
    assert_sorry(answer)
    assert answer.seconds < outage.PATIENCE + SLACK
    postgres.thaw()
    assert web.get("/ask").status == 200


def _activity(postgres: PrivatePostgres) -> list[tuple[str, ...]]:
    connection = postgres.execute("SELECT 1")
    cursor = connection.cursor()
    cursor.execute("SELECT query FROM pg_stat_activity WHERE state = 'active' AND pid <> pg_backend_pid()")
    rows = cursor.fetchall()
    connection.close()
    return rows


def test_a_closed_or_refused_connection_is_an_outage_and_a_wrong_query_is_not() -> None:
    from django.db import InterfaceError, OperationalError, ProgrammingError

    assert outage.is_outage(OperationalError())
    assert outage.is_outage(InterfaceError())
    assert not outage.is_outage(ProgrammingError())
    assert not outage.is_outage(None)
