"""What stands before the web server in production: ends TLS, and keeps idle connections away from it."""

from __future__ import annotations

import asyncio
import contextlib
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

CERTIFICATE = Path(__file__).parent.parent / "localhost.pem"  # signed by itself, for tests only


@dataclass
class Wire:
    """What a test may do to the wire: the next ``answers_to_lose`` never arrive."""

    answers_to_lose: int = 0


@contextlib.contextmanager
def https(port: int, *, to: int) -> Iterator[Wire]:
    """Listen on ``port`` with TLS and pass everything on to the port ``to``, from a thread."""
    wire = Wire()
    loop = asyncio.new_event_loop()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        # A browser opens connections that it may never use: the web server hears of none of them.
        first = await reader.read(65536)
        with contextlib.suppress(OSError):
            inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", to)
            inner_writer.write(first)
            await asyncio.gather(pass_on(reader, inner_writer), answer(inner_reader, writer))
        writer.close()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while (data := await reader.read(65536)) and not wire.answers_to_lose:
                writer.write(data)
                await writer.drain()
        wire.answers_to_lose -= bool(wire.answers_to_lose and data)
        writer.close()

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
        writer.close()

    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(CERTIFICATE)
    thread = threading.Thread(target=loop.run_forever, name="proxy", daemon=True)
    thread.start()
    listening = asyncio.start_server(serve, "127.0.0.1", port, ssl=context)
    server = asyncio.run_coroutine_threadsafe(listening, loop).result(10)
    yield wire

    async def stop() -> None:
        server.close()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    asyncio.run_coroutine_threadsafe(stop(), loop).result(10)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()
