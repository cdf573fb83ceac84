"""The benchmark counts the time of our own servers, whatever numbers the kernel gave their processes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any
from unittest import mock

from benchmarks import processor


def test_the_oldest_of_a_program_is_the_one_that_started_first(tmp_path: Path) -> None:
    """Numbers of processes begin anew: a child may have a lower one than its parent."""
    sleep = [sys.executable, "-c", "import time; time.sleep(60)"]
    first, second = (subprocess.Popen(sleep, cwd=tmp_path) for _n in range(2))
    read = Path.read_text
    try:
        started = {first.pid: 200, second.pid: 100}

        def told(path: Path, *args: Any, **kwargs: Any) -> str:
            text = read(path, *args, **kwargs)
            if path.name == "stat" and path.parent.name.isdigit() and int(path.parent.name) in started:
                head, _bracket, rest = text.rpartition(") ")
                fields = rest.split()
                fields[19] = str(started[int(path.parent.name)])
                return f"{head}) {' '.join(fields)}"
            return text

        with mock.patch.object(Path, "read_text", told):
            assert processor.named(Path(sys.executable).name, within=tmp_path) == second.pid
    finally:
        for process in (first, second):
            process.kill()
            process.wait()
