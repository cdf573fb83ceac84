"""When PostgreSQL is away, locked or frozen, a page says so within seconds and never hangs (SAFETY F10, F11).

Three kinds of silence, three remedies:

- refused or cut connections raise at once, and become a page 503 with ``Retry-After``;
- long statements and locks are ended by the server itself (``statement_timeout``,
  ``lock_timeout`` in the settings), and become the same page;
- a server that is frozen, or behind a cut wire, answers nothing at all. Neither the server's
  time-outs nor TCP's help there (the kernel of a frozen process still acknowledges), and libpq
  waits for ever. So a process that serves pages waits for PostgreSQL itself, in
  :func:`wait`, and gives each request :data:`PATIENCE` seconds of such waiting in all.

docs/adr/0003-database-patience.md tells what else was tried.
"""

from __future__ import annotations

import select
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import psycopg2
import psycopg2.extensions
import structlog
from django.core.signals import got_request_exception, request_finished
from django.db import InterfaceError, OperationalError, connections
from django.http import HttpRequest, HttpResponse

from . import views
from .metrics import DATABASE_OUTAGES

logger = structlog.get_logger(__name__)

PATIENCE = 12.0
"""Seconds one request may spend waiting for PostgreSQL, above the server's own statement_timeout (10 s)."""
CONNECT_PATIENCE = 3.0
"""Seconds for one connection to be made."""
SILENT_PATIENCE = 2.0
"""Seconds for one answer while PostgreSQL is known to be silent: people must not queue for 12 s each."""
OUTAGE = "mcm_portal.outage"  # beside what the server says of a request (PEP 3333)
RETRY_AFTER = 5
"""Seconds after which a browser or a robot may try again (SAFETY F10)."""


class _Waiting(threading.local):
    left: float | None = None  # seconds this thread may still wait; None: as long as it takes


_waiting = _Waiting()
_silent = False  # PostgreSQL let somebody's patience run out and has answered nobody since


def wait(connection: psycopg2.extensions.connection) -> None:
    """Wait until PostgreSQL has answered, as psycopg2's wait callback.

    Raises :class:`psycopg2.OperationalError` once the thread's patience has run out; psycopg2
    then closes the connection, whose state nobody knows any more.
    """
    global _silent
    allowed = _waiting.left
    if allowed is not None:
        if _silent:
            allowed = min(allowed, SILENT_PATIENCE)
        if connection.status == psycopg2.extensions.STATUS_SETUP:
            allowed = min(allowed, CONNECT_PATIENCE)
    began = time.monotonic()
    try:
        while (state := connection.poll()) != psycopg2.extensions.POLL_OK:
            # poll, not select: a busy process has file descriptors above 1023.
            poller = select.poll()
            wanted = select.POLLIN if state == psycopg2.extensions.POLL_READ else select.POLLOUT
            poller.register(connection.fileno(), wanted)
            remaining = None if allowed is None else max(0.0, began + allowed - time.monotonic()) * 1000
            if not poller.poll(remaining):
                _silent = True
                raise psycopg2.OperationalError("PostgreSQL did not answer in time")
        _silent = False
    finally:
        if _waiting.left is not None:
            _waiting.left = max(0.0, _waiting.left - (time.monotonic() - began))


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Let this thread wait for PostgreSQL for ``seconds`` at most, all its statements together."""
    before, _waiting.left = _waiting.left, seconds
    try:
        yield
    finally:
        _waiting.left = before


def _end_of_request(**kwargs: object) -> None:
    _waiting.left = None


def is_outage(error: BaseException | None) -> bool:
    """Say whether an error means « the database cannot serve now », whatever the page asked of it."""
    return isinstance(error, (OperationalError, InterfaceError))


class OutageMiddleware:
    """Answers 503 and ``Retry-After`` for any page whose database is away, locked or frozen.

    It stands above whatever reads the database (sessions first of all) and below what sets
    headers. An error of a view arrives in :meth:`process_exception`. An error of a middleware
    below is made a page 500 by Django before it gets here: the signal Django sends on the way
    marks the request.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response
        psycopg2.extensions.set_wait_callback(wait)
        request_finished.connect(_end_of_request)
        got_request_exception.connect(self._note, weak=False, dispatch_uid="mcm_portal.outage")

    def __call__(self, request: HttpRequest) -> HttpResponse:
        # Until request_finished, not only until the answer: Django then tests its connections.
        _waiting.left = PATIENCE
        response = self.get_response(request)
        error = request.META.get(OUTAGE)
        if error is not None and response.status_code == 500:
            return self._sorry(request, error)
        return response

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """Answer for the view when its error is an outage; leave every other error alone."""
        return self._sorry(request, exception) if is_outage(exception) else None

    @staticmethod
    def _note(sender: object, request: HttpRequest | None = None, **kwargs: object) -> None:
        error = sys.exc_info()[1]
        if request is not None and is_outage(error):
            request.META[OUTAGE] = error

    @staticmethod
    def _sorry(request: HttpRequest, error: BaseException) -> HttpResponse:
        cause = error.__cause__ or error
        kind = type(cause).__name__
        DATABASE_OUTAGES.labels(kind).inc()
        logger.error("database_unavailable", error=kind, sqlstate=getattr(cause, "pgcode", None))
        for connection in connections.all(initialized_only=True):
            if not connection.in_atomic_block:
                # The next request makes its own, and so succeeds as soon as PostgreSQL is back.
                connection.close()
        response = views.unavailable(request)
        response["Retry-After"] = str(RETRY_AFTER)
        response["Cache-Control"] = "no-store"
        return response
