"""How much processor time a group of processes has used, by Linux's own accounts."""

from __future__ import annotations

import os
from pathlib import Path

TICK = os.sysconf("SC_CLK_TCK")


def seconds(*roots: int) -> float:
    """Return the CPU seconds of processes, of those they started, and of those among them that ended.

    The kernel's own list of a process's children leaves some out while others end: everybody is asked who
    their parent is.
    """
    spent: dict[int, float] = {}
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(") ")[2].split()
        except (FileNotFoundError, ProcessLookupError):
            continue  # counted by its parent
        pid = int(folder.name)
        spent[pid] = sum(int(each) for each in fields[11:15]) / TICK
        children.setdefault(int(fields[1]), []).append(pid)
    total = 0.0
    waiting = list(roots)
    while waiting:
        pid = waiting.pop()
        total += spent.get(pid, 0.0)
        waiting += children.get(pid, ())
    return total


def named(program: str, *, within: Path) -> int:
    """Return the oldest process of a program that works in a folder: another's on the machine is not ours.

    The oldest by the time of its start: numbers begin anew once the kernel has given the last one.
    """
    found: list[tuple[int, int]] = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().decode("utf-8", "replace")
            place = (folder / "cwd").readlink()
            started = int((folder / "stat").read_text().rpartition(") ")[2].split()[19])
        except (FileNotFoundError, ProcessLookupError, PermissionError):
            continue
        if program in words.partition("\0")[0] and place.is_relative_to(within):
            found.append((started, int(folder.name)))
    if not found:
        raise LookupError(f"no {program} is running in {within}")
    return min(found)[1]


def others(ours: set[int]) -> list[str]:
    """Return who else uses this machine's processors now: names of the five busiest, ours left out."""
    used: list[tuple[float, str]] = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            said = (folder / "stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            continue
        name = said.partition("(")[2].rpartition(")")[0]
        fields = said.rpartition(") ")[2].split()
        if int(folder.name) not in ours:
            used.append(((int(fields[11]) + int(fields[12])) / TICK, name))
    return [f"{name} ({spent:.0f} s)" for spent, name in sorted(used, reverse=True)[:5]]
