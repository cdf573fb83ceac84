"""``python -m benchmarks.scale [--rows 1000000]``, beside throwaway services.

At its end come as many pupils as an académie of that size has, by the files of their schools: 600,000 of them
for a million people; and 3,000 beside a plain django-import-export.
"""

from __future__ import annotations

import argparse
import subprocess
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
    parser.add_argument("--imports-only", action="store_true", help="nothing but the files of schools")
    return parser.parse_args(words)


def schools_hand_over_files(rows: int) -> int:
    """Run the two benchmarks of imports, in processes of their own. Returns 1 when one of them failed."""
    schools = max(2, rows * 68 // 100_000)  # of 1,000 records, some of whom have left: 600,000 of a million
    commands = (["benchmarks.imports", "--schools", str(schools)], ["benchmarks.import_export"])
    codes = [subprocess.run([sys.executable, "-m", *each], check=False).returncode for each in commands]
    return int(any(codes))


if __name__ == "__main__":
    asked = parse(sys.argv[1:])
    missed = 0
    if not asked.imports_only:
        django.setup()
        from . import measure

        missed = measure.main(
            rows=asked.rows, few=asked.few, rounds=asked.rounds, requests=asked.requests, seed=asked.seed
        )
    sys.exit(schools_hand_over_files(asked.rows) or missed)
