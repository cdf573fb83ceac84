"""Reads files in processes with little memory: ``python -m tests.schools.rosters.within`` < list of files.

On its input stands a JSON list of [name, kind, paths]. Each is read in a process of its own that may
take 250 MB more than it has; what came of it is printed as a JSON object: the reason of the refusal, or
"read", and by how many kilobytes the process grew.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import traceback
from pathlib import Path

import django

from schools.rosters.readers import Kind, open_roster
from schools.rosters.rows import FileRefused

ROOM = 250 * 1024 * 1024


def outcome(kind: Kind, paths: list[Path]) -> str:
    """Read everything and return what came of it."""
    try:
        for _row in open_roster(paths, kind).rows():
            pass
    except FileRefused as refused:
        return refused.code
    except BaseException:
        return traceback.format_exc()
    return "read"


def in_a_process(kind: Kind, paths: list[Path]) -> tuple[str, int]:
    """Return what came of reading files in a process of its own, and by how much that grew."""
    reading, writing = os.pipe()
    if not (child := os.fork()):
        used = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + ROOM, used + ROOM))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        said = outcome(kind, paths)
        grown = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        os.write(writing, json.dumps([said, grown]).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as pipe:
        said = pipe.read()
    os.waitpid(child, 0)
    return tuple(json.loads(said)) if said else ("the process died", 0)


if __name__ == "__main__":
    django.setup()
    # Loaded before memory is measured.
    from schools.rosters.readers.fields import guess

    guess(["Nom"], "pupils")
    results = {}
    for name, kind, paths in json.load(sys.stdin):
        results[name] = in_a_process(Kind(kind), [Path(path) for path in paths])
    sys.stdout.write(json.dumps(results))
