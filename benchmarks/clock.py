"""``python -m benchmarks.clock MINUTES MODULE …`` runs a module whose clock is off (SAFETY F16).

Everything that Python asks for the time in that process, and in those it forks, gets an answer that is
this many minutes off and goes on running. Clocks that only measure how long something takes are not
touched, as on a machine whose date is wrong.
"""

from __future__ import annotations

import runpy
import sys
from datetime import UTC, datetime, timedelta

import time_machine

if __name__ == "__main__":
    _here, minutes, module, *words = sys.argv
    there = datetime.now(tz=UTC) + timedelta(minutes=int(minutes))
    time_machine.travel(there, tick=True).start()
    sys.argv = [module, *words]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
