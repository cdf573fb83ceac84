"""``python -m benchmarks.drill [--sign-ups 69] [--every 12] [--seed N] [--only F9]``: ``make drill``."""

from __future__ import annotations

import argparse
import random
import sys
from pathlib import Path

from . import driver


def parse(words: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="make drill")
    parser.add_argument("--sign-ups", type=int, default=69, help="people that come")
    parser.add_argument("--every", type=float, default=12, help="seconds from one fault to the next")
    parser.add_argument("--seed", type=int, default=random.randrange(10_000), help="orders the faults")
    parser.add_argument("--only", default="", help="these faults of SAFETY.md and no others: F9,F14")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/out/drill"))
    return parser.parse_args(words)


if __name__ == "__main__":
    asked = parse(sys.argv[1:])
    only = asked.only.split(",") if asked.only else []
    found = driver.run(sign_ups=asked.sign_ups, every=asked.every, seed=asked.seed, out=asked.out, only=only)
    sys.exit(1 if found.broken else 0)
