"""A process that serves sets what stays aside, and still finds what is thrown away."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

PROJECT = Path(__file__).resolve().parents[2]
SERVING = """
import gc, weakref
from economy import garbage
garbage.look_less_often()
assert gc.get_freeze_count() > 1000 and gc.isenabled()
class Page: pass
page = Page(); page.itself = page; gone = weakref.ref(page); del page
made = 0
while gone() is not None:
    rubbish = []
    rubbish.append(rubbish)
    made += 1
    assert made < 10_000_000, "never looked for"
"""


def test_what_stays_is_set_aside_and_what_is_thrown_away_is_still_found() -> None:
    done = subprocess.run([sys.executable, "-c", SERVING], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_web_server_does_it_in_each_of_its_processes() -> None:
    code = "import runpy, gc; settings = runpy.run_path('deploy/gunicorn.conf.py')\n"
    code += "settings['post_worker_init'](None); assert gc.get_freeze_count()"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
