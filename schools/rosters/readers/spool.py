"""What was read of a file once and is needed again in order: kept in memory while small, else on disk.

A file of its own has no name: it is gone with the process, whatever ends it.
"""

from __future__ import annotations

import marshal
import tempfile
from collections.abc import Iterator
from typing import Any

MOST_IN_MEMORY = 8 * 1024 * 1024


class Spool:
    """Appends plain values (texts, numbers, tuples and dicts of them), and yields them again."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=MOST_IN_MEMORY)  # noqa: SIM115 - lives as long as self
        self.size = self.read = 0

    def append(self, value: Any) -> None:
        packed = marshal.dumps(value)
        self._file.write(len(packed).to_bytes(4, "little") + packed)
        self.size += len(packed) + 4

    def __iter__(self) -> Iterator[Any]:
        self._file.seek(0)
        self.read = 0
        while head := self._file.read(4):
            length = int.from_bytes(head, "little")
            self.read += length + 4
            yield marshal.loads(self._file.read(length))  # noqa: S302 - written above, by this process
