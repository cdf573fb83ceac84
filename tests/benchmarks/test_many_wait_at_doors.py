"""The open doors of ``make bench``: asked again, they say « nothing new » by one statement (B6, G9)."""

from __future__ import annotations

from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from benchmarks import doors


def test_what_the_benchmark_asks_for_is_answered_by_nothing_new(portal: None) -> None:
    asked = doors.watched(doors.fill(3))
    assert len(set(asked.waiting)) == 3
    with CaptureQueriesContext(connection) as captured:
        for path in asked.waiting:
            assert Client().get(path, headers={"If-None-Match": doors.WAITS}).status_code == 304
    assert len(captured) == 3
    seen = {"If-None-Match": doors.STANDS, "Cookie": asked.cookie}
    Client().get(asked.teachers, headers=seen)
    with CaptureQueriesContext(connection) as captured:
        assert Client().get(asked.teachers, headers=seen).status_code == 304
    assert len(captured) <= 3


class _Door(BaseHTTPRequestHandler):
    """Says « nothing new » to who has seen it, and the door's state to anybody else."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(304 if self.headers["If-None-Match"] == doors.WAITS else 200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None: ...


@pytest.mark.parametrize(("known", "status"), [(doors.WAITS, 304), ("", 200)])
def test_every_answer_is_counted_by_what_it_was(known: str, status: int) -> None:
    with ThreadingHTTPServer(("127.0.0.1", 0), _Door) as server:
        Thread(target=server.serve_forever, args=[0.05], daemon=True).start()
        found = doors.ask(
            f"http://127.0.0.1:{server.server_port}",
            ["/a/", "/b/"],
            {"If-None-Match": known},
            seconds=0.05,
            cpu=iter([{"web": 1.0}, {"web": 3.0}]).__next__,
        )
        server.shutdown()
    assert set(found.answers) == {status} and found.cpu == 2


def test_nobody_there_is_an_answer_too() -> None:
    found = doors.ask("http://127.0.0.1:9", ["/"], {}, seconds=0.01, cpu=lambda: {})
    assert set(found.answers) == {0}


def test_a_line_says_what_so_many_doors_take() -> None:
    said = doors.Answered({304: 1000}, seconds=10, cpu=3).said("who waits", 1000)
    assert "1,000 asked" in said and "100 a second" in said and "3.00 ms of CPU" in said
    assert "20 % of a processor every 15 s" in said and "5 % every 60 s" in said
