"""Whoever reads the logs learns what happened, and nothing of whom it happened to (SAFETY T26)."""

from __future__ import annotations

import json
import logging
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.test import RequestFactory
from django.views.debug import ExceptionReporter

from benchmarks.private_postgres import PrivatePostgres
from mcm_portal import logs

from .conftest import ROOT, WebServer

TOKENS = [f"Jeton{number:02d}xQ7Zk3vT9mLw" for number in range(1, 21)]
PERSONAL = [
    "jeanne.martin",
    "example.org",
    "0612345678",
    "+33612345678",
    "2012-03-04",
    "203.0.113.7",
    "Zoé",
    "ines.benali42",
    "K7M4PX9TB",
]
FORM = {"Content_Type": "application/x-www-form-urlencoded"}


def say_everything(web: WebServer) -> dict[str, int]:
    """Put the twenty tokens and somebody's data wherever a client can; return the statuses seen."""
    token = iter(TOKENS)
    person = "nom=Zo%C3%A9&courriel=jeanne.martin%40example.org&tel=0612345678&naissance=2012-03-04"
    answers = {
        "path": web.get(f"/nulle-part/{next(token)}"),
        "letter": web.get("/lettre/ines.benali42/K7M4PX9TB/"),
        "link": web.get(f"/inscription/confirmer/{next(token)}/"),
        "query": web.get(f"/?next={next(token)}&{person}"),
        "referer": web.get("/rien", Referer=f"http://localhost/mot-de-passe/{next(token)}"),
        "browser": web.get("/rien", User_Agent=next(token)),
        "forwarded": web.get("/rien", X_Forwarded_For=f"203.0.113.7, {next(token)}"),
        "forwarded host": web.get("/rien", X_Forwarded_Host=f"{next(token)}.example.org"),
        "request id": web.get("/rien", X_Request_ID=next(token)),
        "authorization": web.get("/rien", Authorization=f"Bearer {next(token)}"),
        "cookie": web.get("/plain", Cookie=f"sid={next(token)}; messages={TOKENS[0]}; csrf=jeanne.martin"),
        "host": web.get("/", Host=f"{next(token)}.example.org"),
        "error": web.get(f"/broken/{next(token)}?{person}"),
        "posted error": web.request("POST", "/posted", f"password={next(token)}&{person}", **FORM),
        "forgery": web.request("POST", "/plain", f"password={next(token)}&{person}", **FORM),
        "far forgery": web.request(
            "POST", "/plain", person, Origin=f"http://{next(token)}.example.org", Cookie="csrf=x", **FORM
        ),
        "too many fields": web.request("POST", "/posted", f"password={next(token)}" + "&a=1" * 300, **FORM),
        "bad form": web.request(
            "POST", "/posted", next(token), Content_Type="multipart/form-data; boundary="
        ),
        "duplicate": web.get("/duplicate"),
    }
    for line in (
        f"GET /{next(token)} HTTP/9.9",
        f"JETON{next(token)} /0612345678 HTTP/1.1\r\nHost: localhost",
        f"GET /a\r\nbad {next(token)}",
    ):
        with socket.create_connection(("127.0.0.1", web.port), timeout=5) as raw:
            raw.sendall(line.encode() + b"\r\n\r\n")
            raw.recv(1000)
    assert next(token, None) is None, "each token has been used"
    return {name: answer.status for name, answer in answers.items()}


@pytest.fixture
def people(postgres: PrivatePostgres) -> None:
    """A table that already has the address which the page « duplicate » writes."""
    postgres.execute(
        "CREATE TABLE people (address text PRIMARY KEY);"
        "INSERT INTO people VALUES ('jeanne.martin@example.org'); COMMIT"
    ).close()


@pytest.fixture(params=[False, True], ids=["production", "debug"])
def talkative(
    request: pytest.FixtureRequest, postgres: PrivatePostgres, tmp_path: Path
) -> Iterator[WebServer]:
    """A web server whose whole output goes to a file."""
    server = WebServer(database_url=postgres.url, log=tmp_path / "output.log", debug=request.param)
    yield server
    server.close()
    postgres.execute("DROP TABLE people; COMMIT").close()


def test_twenty_tokens_and_a_family_are_nowhere_in_the_output(people: None, talkative: WebServer) -> None:
    statuses = say_everything(talkative)
    assert statuses["path"] == 404
    assert statuses["error"] == statuses["posted error"] == statuses["duplicate"] == 500
    assert statuses["forgery"] == statuses["far forgery"] == 403
    assert statuses["host"] == statuses["too many fields"] == 400
    output = talkative.log.read_text()
    found = [word for word in [*TOKENS, *PERSONAL] if word.lower() in output.lower()]
    assert not found
    # Whoever mends the portal still learns enough.
    assert "GET broken" in output
    assert "builtins.ValueError" in output
    assert "outage_site/urls.py" in output
    assert "constraint=people_pkey" in output
    assert "sqlstate=23505" in output


def test_each_line_of_production_is_json_with_a_level_a_time_and_the_request_it_belongs_to(
    web: WebServer,
) -> None:
    web.get("/plain")
    lines = [json.loads(line) for line in web.log.read_text().splitlines() if line.startswith("{")]
    line = next(line for line in lines if line.get("request") == "GET plain")
    assert line["code"] == 200
    assert line["level"] == "info"
    assert line["event"] == "request_finished"
    assert re.fullmatch(r"[0-9a-f]{32}", line["request_id"])
    assert isinstance(line["ms"], int)


def run(script: str) -> str:
    """Run a few lines in a process of their own with the portal's logs; return all it wrote."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "mcm_portal.settings", "DEBUG": "0"}
    environment |= {"EMAIL_URL": "smtp://127.0.0.1:9", "DEFAULT_FROM_EMAIL": "portail@example.fr"}
    start = (
        "import django, logging, structlog, threading; django.setup(); log = structlog.get_logger('test')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", start + script], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout + done.stderr


def test_a_field_that_nobody_allowed_is_dropped_and_named() -> None:
    output = run("log.info('letter_sent', address='jeanne.martin@example.org', kind='accounts.confirmation')")
    line = json.loads(output)
    assert line["kind"] == "accounts.confirmation"
    assert line["dropped"] == "address"
    assert "jeanne" not in output


def test_an_allowed_field_that_holds_an_address_or_a_phone_is_hidden() -> None:
    output = run(
        "log.info('sent', kind='jeanne.martin@example.org', state='+33 6 12 34 56 78', code='0612345678')"
    )
    line = json.loads(output)
    assert line["kind"] == line["state"] == line["code"] == logs.HIDDEN


def test_nothing_fails_because_a_line_cannot_be_written() -> None:
    output = run(
        "import os; kept = os.dup(2); os.close(2); os.open('/dev/full', os.O_WRONLY)\n"
        "log.error('letter_lost'); os.dup2(kept, 2); print('went on')"
    )
    assert output.startswith("went on")


def test_an_event_is_a_constant_sentence() -> None:
    assert json.loads(run("log.info('sent to jeanne.martin@example.org')"))["event"] == logs.HIDDEN


@pytest.mark.parametrize(
    "line",
    [
        "logging.getLogger('any').warning('Not found: %s', 'jeanne.martin@example.org')",
        "logging.getLogger('any').warning(f'Not found: {\"jeanne.martin@example.org\"}')",
        "logging.getLogger('any').warning('%(to)s', {'to': 'jeanne.martin@example.org'})",
        "logging.getLogger('any').warning('%d %s', 'jeanne.martin', 'jeanne.martin')",
        "logging.getLogger('any').warning('too few %s %s', 'jeanne.martin')",
        "logging.getLogger('any').warning({'to': 'jeanne.martin'})",
        "logging.getLogger('celery.app.trace').error('Task %(name)s[%(id)s] raised: %(exc)r %(args)s',"
        " {'name': 'notifications.tasks.deliver', 'id': '3f-1', 'exc': 'jeanne.martin', 'args': 'jeanne'})",
        "threading.Thread(target=lambda: int('jeanne.martin')).start()",
    ],
)
def test_lines_of_other_libraries_keep_their_template_only(line: str) -> None:
    output = run(line)
    assert "jeanne" not in output
    assert json.loads(output)["level"] in {"warning", "error"}


def test_a_failed_task_is_named() -> None:
    output = run(
        "logging.getLogger('celery.app.trace').info('Task %(name)s[%(id)s] succeeded in %(runtime)ss: %(x)s',"
        " {'name': 'notifications.tasks.deliver', 'id': '0b6f-41aa', 'runtime': 0.25, 'x': 'jeanne.martin'})"
    )
    assert json.loads(output)["event"] == "Task notifications.tasks.deliver[0b6f-41aa] succeeded in 0.25s: …"


def test_the_database_s_own_lines_hold_no_value() -> None:
    output = run(
        "from django.db import connection, reset_queries\n"
        "with connection.cursor() as c: c.execute('SELECT %s', ['jeanne.martin'])"
    )
    assert "jeanne" not in output
    assert not logging.getLogger("django.db.backends").isEnabledFor(logging.DEBUG)


def test_the_developers_page_shows_no_secret_and_nothing_that_was_typed(settings: object) -> None:
    request = RequestFactory().post("/x", {"password": TOKENS[0], "first_name": TOKENS[1]})
    request.META["DATABASE_URL"] = f"postgresql://mcm:{TOKENS[2]}@db/mcm"
    request.META["REDIS_URL"] = f"redis://:{TOKENS[8]}@broker/0"
    settings.LINK_KEY = TOKENS[3]
    settings.CELERY_BROKER_URL = f"redis://:{TOKENS[4]}@broker/0"
    settings.EMAIL_HOST_PASSWORD = TOKENS[5]
    settings.SMS_URL = f"https://{TOKENS[6]}@sms/send"
    settings.DATABASES["default"]["PASSWORD"] = TOKENS[7]
    settings.DEBUG = True
    try:
        hidden_local = "".join(["Jeton", "99xQ7Zk3vT9mLw"])
        raise ValueError("something broke")
    except ValueError:
        reporter = ExceptionReporter(request, *sys.exc_info())
    for page in (reporter.get_traceback_html(), reporter.get_traceback_text()):
        assert "something broke" in page
        assert not [token for token in [*TOKENS, hidden_local] if token in page]
