"""``python -m benchmarks.scale [--rows 1000000]``, beside throwaway services."""

from __future__ import annotations

import argparse
import sys

import django


def parse(words: list[str]) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="make bench-scale")
    parser.add_argument("--rows", type=int, default=1_000_000, help="people in the big portal")
    parser.add_argument("--few", type=int, default=10_000, help="people in the small portal")
    parser.add_argument("--rounds", type=int, default=10, help="batches of sign-ups")
    parser.add_argument("--requests", type=int, default=5, help="how often each page is asked for")
    parser.add_argument("--seed", type=int, default=2026, help="of the order in which both are asked")
    return parser.parse_args(words)


if __name__ == "__main__":
    asked = parse(sys.argv[1:])
    django.setup()
    from . import measure

    sys.exit(
        measure.main(
            rows=asked.rows, few=asked.few, rounds=asked.rounds, requests=asked.requests, seed=asked.seed
        )
    )
