"""``python -m benchmarks [--rounds 3] [--most 64] [--out FOLDER]``, beside throwaway services."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import django


def parse(words: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--most", type=int, default=64, help="families at once, at most")
    parser.add_argument("--no-guardians", action="store_true", help="families only: no letters, no doors")
    parser.add_argument("--out", type=Path, default=Path("benchmarks/out"))
    return parser.parse_args(words)


if __name__ == "__main__":
    asked = parse(sys.argv[1:])
    asked.out.mkdir(parents=True, exist_ok=True)
    django.setup()
    from . import compare

    sys.exit(
        compare.main(rounds=asked.rounds, most=asked.most, out=asked.out, with_others=not asked.no_guardians)
    )
