"""A newcomer without privileges copies the project, types ``make run``, and has a portal."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import urllib.request
from pathlib import Path

import pytest

from .embedded_portal import PROJECT, Run, open_folder, processes_of, wait_until

NOBODY = 65534
MADE_HERE = shutil.ignore_patterns(
    ".git", ".venv", ".data", ".cache", ".*_cache", "__pycache__", "staticfiles"
)

NEEDLESS = shutil.ignore_patterns("test", "idlelib", "site-packages", "__pycache__", "*.a")


def python_of(user: int | None, folder: Path) -> Path:
    """Return a Python that ``user`` can start: this one, or a copy where its folder is closed to them."""
    own = Path(sys.base_prefix) / "bin" / "python3"
    if subprocess.run(["test", "-x", own], user=user, group=user, cwd="/").returncode == 0:
        return own
    copied = folder / "python"
    library = Path(sysconfig.get_path("stdlib")).relative_to(sys.base_prefix)
    (copied / "bin").mkdir(parents=True)
    shutil.copy(own, copied / "bin")
    shutil.copytree(sys.base_prefix / library, copied / library, ignore=NEEDLESS)
    (copied / library / "site-packages").mkdir()
    for shared in (Path(sys.base_prefix) / "lib").glob("libpython*.so*"):
        shutil.copy(shared, copied / "lib", follow_symlinks=False)
    return copied / "bin" / "python3"


@pytest.mark.long
def test_make_run_from_nothing_as_a_user_without_privileges() -> None:
    with open_folder() as folder:
        project = folder / "ma classe" / "portail"
        shutil.copytree(PROJECT, project, ignore=MADE_HERE)
        user = None
        if os.geteuid() == 0:
            user = NOBODY
            for path in (project.parent, project, *project.rglob("*")):
                os.chown(path, user, user, follow_symlinks=False)
        python = python_of(user, folder)
        theirs = {"HOME": str(project), "LD_LIBRARY_PATH": str(python.parents[1] / "lib")}

        def make_run() -> Run:
            words = ("make", "run", f"PYTHON={python}")
            return Run(project / ".data", *words, cwd=project, user=user, **theirs).until_ready()

        first = make_run()
        owner = Path(f"/proc/{first.supervisor}").stat().st_uid
        assert owner == (os.geteuid() if user is None else user)
        with urllib.request.urlopen(f"http://localhost:{first.port}/", timeout=30) as answer:
            assert answer.status == 200
        os.kill(first.supervisor, signal.SIGINT)
        assert first.process.wait() == 0
        assert processes_of(project / ".data") == []

        second = make_run()
        assert "Installing" in first.said
        assert "Installing" not in second.said
        assert "Making" not in second.said
        os.kill(second.supervisor, signal.SIGINT)
        second.process.wait()
        wait_until(lambda: processes_of(project / ".data") == [], "every process has ended")
