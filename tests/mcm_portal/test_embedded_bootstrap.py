"""A newcomer types make: Python is found, the virtual environment is made, once.

On a small project of its own with no packages, since what is looked at is the environment
itself; ``test_embedded_newcomer.py`` (long) installs the real packages.
"""

from __future__ import annotations

import fcntl
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from .embedded_portal import PROJECT, environment, wait_until

SAYS_ITS_WORDS = """
import os, sys, time
print("started with", *sys.argv[1:], flush=True)
if "stay" in sys.argv:
    print(os.getpid(), flush=True)
    time.sleep(600)
"""


def new_project(folder: Path) -> Path:
    """Return a project in a folder with a space: the real Makefile and bootstrap, nothing to install."""
    project = folder / "ma classe" / "portail"
    package = project / "mcm_portal" / "embedded"
    package.mkdir(parents=True)
    shutil.copy(PROJECT / "Makefile", project)
    for name in ("python.sh", "bootstrap.py"):
        shutil.copy(PROJECT / "mcm_portal" / "embedded" / name, package)
    for name in ("requirements.lock", "requirements-dev.lock"):
        (project / name).write_text("# nothing\n")
    (package / "__main__.py").write_text(SAYS_ITS_WORDS)
    return project


def make(project: Path, *words: str, **settings: str) -> subprocess.CompletedProcess[str]:
    """Type ``make`` there."""
    return subprocess.run(
        ["make", *words], cwd=project, env=environment(**settings), capture_output=True, text=True
    )


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """Return a project whose first ``make run`` has been, and what that one said."""
    project = new_project(tmp_path_factory.mktemp("bootstrap"))
    first = make(project, "run")
    assert first.returncode == 0, first.stderr
    return project, first.stdout


@pytest.fixture
def project(made_once: tuple[Path, str]) -> Path:
    """Return the project with its environment made."""
    return made_once[0]


def test_the_first_start_makes_the_environment_and_tells_of_it(made_once: tuple[Path, str]) -> None:
    project, said = made_once
    assert "Making a virtual environment" in said
    assert "Installing the 0 packages of requirements.lock" in said
    assert "started with run" in said
    assert (project / ".venv" / "complete.json").exists()


def test_the_second_start_makes_nothing(project: Path) -> None:
    assert make(project, "run").stdout == "started with run\n"


def test_words_reach_the_command_as_they_were_typed(project: Path) -> None:
    assert make(project, "manage", "ARGS=shell -c 'a  b'").stdout == "started with manage shell -c a  b\n"


def test_a_changed_lock_file_is_installed_again_without_a_new_environment(project: Path) -> None:
    kept = project / ".venv" / "kept"
    kept.touch()
    (project / "requirements.lock").write_text("# changed\n")
    said = make(project, "run").stdout
    assert "Installing" in said
    assert "Making" not in said
    assert kept.exists()


def test_a_half_made_environment_is_made_again_and_the_data_stay(project: Path) -> None:
    (project / ".data").mkdir(exist_ok=True)
    (project / ".data" / "precious").write_text("kept")
    (project / ".venv" / "complete.json").unlink()
    (project / ".venv" / "bin" / "pip").unlink()
    said = make(project, "run").stdout
    assert "not complete" in said
    assert "started with run" in said
    assert (project / ".venv" / "bin" / "pip").exists()
    assert (project / ".data" / "precious").read_text() == "kept"


@pytest.mark.long
def test_an_environment_whose_python_is_gone_is_made_again(project: Path) -> None:
    (project / ".venv" / "bin" / "python").unlink()
    (project / ".venv" / "bin" / "python").symlink_to("/no/such/python")
    assert "started with run" in make(project, "run").stdout


@pytest.mark.long
def test_packages_that_cannot_be_had_are_told_and_taken_up_again(project: Path) -> None:
    wrong = f"no-such-package-of-ours==1 --hash=sha256:{'0' * 64}\n"
    (project / "requirements.lock").write_text(wrong)
    failed = make(project, "run", PIP_NO_INDEX="1", PIP_FIND_LINKS="")
    assert failed.returncode != 0
    assert "could not be installed" in failed.stderr
    assert "run the same command again" in failed.stderr
    assert not (project / ".venv" / "complete.json").exists()
    (project / "requirements.lock").write_text("# nothing\n")
    assert "started with run" in make(project, "run").stdout


def test_a_second_start_waits_for_the_one_that_prepares(project: Path) -> None:
    complete = project / ".venv" / "complete.json"
    content = complete.read_text()
    complete.unlink()
    with (project / ".cache" / "bootstrap.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        second = subprocess.Popen(
            ["make", "run"], cwd=project, env=environment(), stdout=subprocess.PIPE, text=True
        )
        assert second.stdout is not None
        assert "waiting for it" in second.stdout.readline()
        complete.write_text(content)
    assert second.communicate()[0] == "started with run\n"


def fake_python(folder: Path, body: str) -> Path:
    """Make a folder whose python3.11 does as ``body`` says, with the shell's own tools beside it."""
    folder.mkdir()
    for tool in ("sh", "basename", "make"):
        (folder / tool).symlink_to(shutil.which(tool) or "")
    python = folder / "python3.11"
    python.write_text(f"#!/bin/sh\n{body}\n")
    python.chmod(0o755)
    return folder


def test_a_missing_python_is_told_with_a_way_out(project: Path, tmp_path: Path) -> None:
    path = fake_python(tmp_path / "bin", "exit 1")
    failed = make(project, "run", PATH=str(path))
    assert failed.returncode != 0
    assert "Python 3.11 or later is needed" in failed.stderr
    assert "apt-get install" in failed.stderr


def test_a_python_without_venv_is_told_with_a_way_out(project: Path, tmp_path: Path) -> None:
    path = fake_python(tmp_path / "bin", 'case "$*" in *ensurepip*) exit 1;; esac')
    failed = make(project, "run", PATH=str(path))
    assert failed.returncode != 0
    assert "sudo apt-get install python3.11-venv" in failed.stderr


def chosen(project: Path, path: str) -> str:
    """Return the Python that is chosen with this PATH, in its own words."""
    script = ["sh", "mcm_portal/embedded/python.sh", "-c", "import sys; print(sys.executable)"]
    return subprocess.run(
        script, cwd=project, env=environment(PATH=path), capture_output=True, text=True
    ).stdout


def test_of_one_version_the_distributions_own_python_comes_first(project: Path, tmp_path: Path) -> None:
    fake = fake_python(tmp_path / "bin", 'case "$*" in *executable*) echo compiled on the spot;; esac')
    assert chosen(project, str(fake)) == "compiled on the spot\n"
    of_the_distribution = Path("/usr/bin/python3.11")
    with_venv = [of_the_distribution, "-I", "-c", "import ensurepip, venv"]
    has_one = of_the_distribution.exists() and subprocess.run(with_venv, capture_output=True).returncode == 0
    expected = f"{of_the_distribution}\n" if has_one else "compiled on the spot\n"
    assert chosen(project, f"{fake}:/usr/bin") == expected


def test_a_python_chosen_by_hand_must_be_one(project: Path) -> None:
    failed = make(project, "run", "PYTHON=/no/such/python")
    assert "PYTHON=/no/such/python is not a Python 3.11" in failed.stderr


def test_make_alone_lists_the_commands(project: Path) -> None:
    listed = make(project).stdout
    assert all(f"make {command} " in listed for command in ("run", "test", "test-long", "manage", "lock"))


def test_the_environment_of_development_serves_a_run_too(project: Path) -> None:
    assert make(project, "test").stdout.endswith("started with test\n")
    assert set(json.loads((project / ".venv" / "complete.json").read_text())) == {"run", "dev"}
    assert make(project, "run").stdout == "started with run\n"


def test_killing_make_ends_what_it_started(project: Path) -> None:
    command = ["make", "manage", "ARGS=stay"]
    make = subprocess.Popen(command, cwd=project, env=environment(), stdout=subprocess.PIPE, text=True)
    assert make.stdout is not None
    while not (line := make.stdout.readline().strip()).isdigit():
        assert make.poll() is None
    make.kill()
    make.wait()
    wait_until(lambda: not Path(f"/proc/{line}").exists(), "what make started has ended")
