"""Data of the time when one role did everything: make run keeps them, and the journal gets its guard."""

from __future__ import annotations

import shutil
import signal
import sys
from pathlib import Path

import psycopg2
import pytest

from mcm_portal.embedded.datadir import DataDirectory, short_folder
from mcm_portal.embedded.postgresql import APPLICATION, SUPERUSER, USER
from mcm_portal.embedded.processes import Interruption
from mcm_portal.embedded.services import Services

from .embedded_portal import Run, embedded
from .test_embedded_run import page

MANAGE = (sys.executable, "manage.py")


def in_shell(data: Path, code: str) -> str:
    done = embedded("manage", "shell", "-v", "0", "-c", code, DATA_DIR=str(data))
    return done.stdout + done.stderr


@pytest.fixture
def old_data(tmp_path: Path) -> Path:
    """A DATA_DIR whose tables stop at the journal without seals, all of them the portal's own role's."""
    data = DataDirectory(tmp_path / "data")
    data.make()
    made = [
        ("migrate", "audit", "0003"),
        ("migrate", "schools"),
        ("shell", "-v", "0", "-c", "from audit.models import Record as R\n"
         "for n in range(3): R.objects.create(act='old.act', actor='system', subject=f'user:{n}')"),
    ]  # fmt: skip
    for words in made:
        as_one = 'DATABASE_URL=$DATABASE_OWNER_URL DATABASE_OWNER_URL= exec "$@"'
        done = embedded("exec", "--data", data.path, "--", "sh", "-c", as_one, "sh", *MANAGE, *words)
        assert done.returncode == 0, done.stderr
    sockets = short_folder()
    logs = {name: data.log(name) for name in ("postgresql", "valkey")}
    with Services(data.path, sockets, logs, Interruption()) as services:
        superuser = services.environment["DATABASE_OWNER_URL"].replace(f"//{USER}@", f"//{SUPERUSER}@")
        connection = psycopg2.connect(superuser)
        connection.autocommit = True
        connection.cursor().execute(f"DROP ROLE {APPLICATION}")
        connection.close()
    shutil.rmtree(sockets)
    return data.path


@pytest.mark.long
def test_old_data_are_kept_and_their_journal_is_guarded_from_then_on(old_data: Path) -> None:
    run = Run(old_data).until_ready()
    try:
        assert page(run) == 200
        told = in_shell(
            old_data,
            "from django.db import connection as c; from audit.models import Record as R\n"
            "from audit import sealing, verification\n"
            "print(c.settings_dict['USER'], R.objects.filter(act='old.act').count())\n"
            "sealing.seal(); print(verification.verify().intact)",
        )
        assert f"{APPLICATION} 3" in told and "True" in told, told
        for refused in ("DELETE FROM audit_record", "ALTER TABLE audit_record DISABLE TRIGGER ALL"):
            told = in_shell(
                old_data, f"from django.db import connection as c; c.cursor().execute('{refused}')"
            )
            assert "InsufficientPrivilege" in told, told
        migrated = embedded("manage", "migrate", DATA_DIR=str(old_data))  # by the owner
        assert migrated.returncode == 0, migrated.stderr
        for name in ("gunicorn", "celery -A mcm_portal worker", "beat"):
            assert "DATABASE_OWNER_URL=\0" in environment_of(run, name)
    finally:
        assert run.stop(signal.SIGINT) == 0


def environment_of(run: Run, words: str) -> str:
    """Return what a process that the supervisor started was told."""
    children = Path(f"/proc/{run.supervisor}/task/{run.supervisor}/children").read_text().split()
    for child in children:
        if words.encode() in Path(f"/proc/{child}/cmdline").read_bytes().replace(b"\0", b" "):
            return Path(f"/proc/{child}/environ").read_text()
    raise AssertionError(f"no {words}")
