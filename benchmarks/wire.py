"""A wire to PostgreSQL that can be cut in the middle of a COMMIT (SAFETY F21). No root is needed."""

from __future__ import annotations

import asyncio
import contextlib
import re
import threading
from collections.abc import Iterator

from .machine import free_port

BEGIN = b"Q\0\0\0\x0aBEGIN\0"  # as libpq writes it: one simple query
COMMIT = b"Q\0\0\0\x0bCOMMIT\0"
# What a person was promised. Counters are committed apart, before anything is judged.
WRITES = re.compile(rb'(?:INSERT INTO|UPDATE|DELETE FROM) "?(?!throttling_)', re.IGNORECASE)


class _Line:
    """One connection."""

    def __init__(self) -> None:
        self.writes = False  # its transaction has written something
        self.is_cut = False


class Wire:
    """Passes everything on to the port ``to`` of this machine, until told to cut.

    While it is cut, the next COMMIT of each transaction that wrote something meets the cut, in turn on
    its way there (nothing is kept), with its answer on the way back (all is kept, and nobody is told), and
    on its way there until the wire is mended (TCP sends it again: all is kept, and nobody is told).
    From then on neither side of that connection hears of the other: nothing is closed until :meth:`mend`.
    Other connections pass, as over another cable: so whoever tries again meanwhile is let in.
    """

    def __init__(self, to: int) -> None:
        self.to = to
        self.port = free_port()
        self.cuts = 0
        self._cutting = False
        self._loop = asyncio.new_event_loop()
        self._cut_off: list[tuple[asyncio.StreamWriter, bytes]] = []  # and what arrives once it is mended

    def cut(self) -> None:
        """Swallow the next COMMITs, and all that would follow them."""
        self._cutting = True

    def mend(self) -> None:
        """Cut no more; what was cut hands over what is late and is closed, and both sides learn of it."""
        self._cutting = False
        self._loop.call_soon_threadsafe(self._close_what_was_cut)

    def _close_what_was_cut(self) -> None:
        for writer, late in self._cut_off:
            writer.write(late)
            writer.close()
        self._cut_off.clear()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            there, onwards = await asyncio.open_connection("127.0.0.1", self.to)
        except OSError:
            writer.close()
            return
        line = _Line()
        await asyncio.gather(self._there(reader, onwards, line), self._back(there, writer, line))

    async def _there(self, reader: asyncio.StreamReader, onwards: asyncio.StreamWriter, line: _Line) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(1 << 20):
                if line.is_cut:
                    continue
                if BEGIN in data:
                    line.writes = False
                line.writes |= WRITES.search(data) is not None
                if self._cutting and line.writes and data.endswith(COMMIT):
                    line.is_cut = True
                    turn = self.cuts % 3
                    self._cut_off.append((onwards, data if turn == 2 else b""))
                    self.cuts += 1
                    if turn != 1:
                        continue  # it gets there late, or never
                onwards.write(data)
                await onwards.drain()
        if not line.is_cut:
            onwards.close()

    async def _back(self, there: asyncio.StreamReader, writer: asyncio.StreamWriter, line: _Line) -> None:
        with contextlib.suppress(OSError):
            while data := await there.read(1 << 20):
                if not line.is_cut:
                    writer.write(data)
                    await writer.drain()
        writer.close()

    @contextlib.contextmanager
    def running(self) -> Iterator[Wire]:
        """Listen, from a thread."""
        thread = threading.Thread(target=self._loop.run_forever, name="wire", daemon=True)
        thread.start()
        listening = asyncio.start_server(self._serve, "127.0.0.1", self.port, backlog=256)
        server = asyncio.run_coroutine_threadsafe(listening, self._loop).result(10)
        try:
            yield self
        finally:

            async def stop() -> None:
                server.close()
                others = asyncio.all_tasks() - {asyncio.current_task()}
                for task in others:
                    task.cancel()
                await asyncio.gather(*others, return_exceptions=True)

            asyncio.run_coroutine_threadsafe(stop(), self._loop).result(10)
            self._loop.call_soon_threadsafe(self._loop.stop)
            thread.join()
            self._loop.close()
