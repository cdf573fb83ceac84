"""``python -m mcm_portal.embedded run | exec | manage | test | test-long``."""

from __future__ import annotations

import argparse
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from . import gate
from .datadir import DataDirectory, short_folder
from .processes import Interruption, Stopped, Trouble, in_child, replace_by, say
from .services import PROJECT, Services
from .supervisor import Supervisor, data_directory

# What a command gets unless the environment says otherwise, with services of its own.
FOR_TRYING = {
    "DEBUG": "1",
    "SITE_URL": "http://localhost:8000",
    "SECRET_KEY": "only-for-trying-nothing-is-kept",
    "LINK_KEY": "only-for-trying-nothing-is-kept-either",
    "DJANGO_SETTINGS_MODULE": "mcm_portal.settings",
}


def main(arguments: list[str]) -> int:
    """Run one of the commands; its exit code. Trouble is told in sentences, without a traceback."""
    parser = argparse.ArgumentParser(prog="python -m mcm_portal.embedded", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("run", help="everything, until Ctrl-C")
    execute = commands.add_parser("exec", help="PostgreSQL and Valkey for the length of one command")
    execute.add_argument("--data", type=Path, help="keep the data in this folder (default: a throwaway one)")
    execute.add_argument("words", nargs=argparse.REMAINDER, metavar="-- command")
    manage = commands.add_parser("manage", help="one management command, beside make run or without it")
    manage.add_argument("words", nargs=argparse.REMAINDER)
    for name in ("test", "test-long"):
        commands.add_parser(name).add_argument("words", nargs=argparse.REMAINDER)
    # argparse keeps words that begin with a dash for itself, even those of somebody else's command.
    head, words = (arguments[:1], arguments[1:]) if arguments[:1] != ["exec"] else (arguments, [])
    options = parser.parse_args(head)
    words = words or getattr(options, "words", [])
    words = words[1:] if words[:1] == ["--"] else words
    try:
        if options.command == "run":
            return Supervisor(dict(os.environ)).run()
        if options.command == "manage":
            return run_manage(words)
        if options.command == "exec":
            if not words:
                parser.error("exec needs a command: exec -- python manage.py migrate")
            return execute_beside_services(words, options.data)
        return execute_beside_services(
            [sys.executable, "-m", "mcm_portal.embedded.gate", options.command, *words],
            scrub=gate.SETTINGS,
        )
    except Trouble as trouble:
        sys.stderr.write(f"\n{trouble}\n")
        return 1
    except Stopped:
        say("Stopped.")
        return 130


def run_manage(words: Sequence[str]) -> int:
    """Run ``manage.py`` against the services of a running ``make run``, else against its own on DATA_DIR."""
    command = [sys.executable, str(PROJECT / "manage.py"), *(words or ["help"])]
    data = data_directory(dict(os.environ))
    running = DataDirectory(data).running()
    if running:
        replace_by(command, {**running, **os.environ, **running})
    return execute_beside_services(command, data)


def execute_beside_services(
    command: Sequence[str], data: Path | None = None, scrub: Sequence[str] = ()
) -> int:
    """Run ``command`` with PostgreSQL and Valkey beside it; return its exit code.

    With ``data`` (a DATA_DIR) the data and secrets are kept, and DATABASE_URL and REDIS_URL are
    used where they are set. Without, both servers are thrown away and those variables are
    replaced, so that no test ever touches a database that matters. ``scrub`` names variables
    the command must not inherit.
    """
    interruption = Interruption()
    interruption.listen()
    beside_python = str(Path(sys.executable).parent)
    os.environ["PATH"] = os.pathsep.join((beside_python, os.environ.get("PATH", os.defpath)))
    inherited = {name: value for name, value in os.environ.items() if name not in scrub}
    if data is None:
        folder = short_folder()
        try:
            logs = {name: folder / f"{name}.log" for name in ("postgresql", "valkey")}
            with Services(folder, folder, logs, interruption, durable=False) as services:
                changed = {**services.environment, "DATA_DIR": str(folder)}
                return run_beside(command, {**FOR_TRYING, **inherited, **changed}, interruption)
        finally:
            shutil.rmtree(folder, ignore_errors=True)
    directory = DataDirectory(data)
    directory.make()
    with directory.hold(f"The command {Path(command[0]).name}", interruption) as hold:
        logs = {name: directory.log(name) for name in ("postgresql", "valkey")}
        with Services(
            directory.path, hold.sockets, logs, interruption, given=inherited, open_files=(hold.lock,)
        ) as services:
            changed = {**services.environment, "DATA_DIR": str(directory.path)}
            defaults = {**FOR_TRYING, **directory.keys()}
            return run_beside(command, {**defaults, **inherited, **changed}, interruption)


def run_beside(command: Sequence[str], environment: dict[str, str], interruption: Interruption) -> int:
    """Run it in this terminal and hand SIGTERM on; Ctrl-C reaches it by itself."""
    try:
        process = subprocess.Popen(list(command), env=environment, preexec_fn=in_child(signal.SIGTERM))
    except OSError as error:
        raise Trouble(f"{command[0]} cannot be run: {error.strerror}.") from None
    handed_on = False
    while True:
        try:
            code = process.wait(0.1)
        except subprocess.TimeoutExpired:
            if interruption.requested not in {None, signal.SIGINT} and not handed_on:
                process.send_signal(interruption.requested or signal.SIGTERM)
                handed_on = True
            continue
        return code if code >= 0 else 128 - code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
