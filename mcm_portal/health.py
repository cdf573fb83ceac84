"""Probes for those who watch the portal: /healthz, /readyz and /metrics.

They are answered at the top of the middlewares: no host check (a balancer asks by address), no
session, no log line. docs/adr/0002-health-probes.md says why these are not a library's.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field

import redis
from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseNotFound, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST

from notifications import delivery

from .metrics import exposition
from .outage import patience

DATABASE_SECONDS = 2.0  # for all that a probe asks of PostgreSQL
BROKER_SECONDS = 1.0
HEARTBEAT_SECONDS = 60  # the sweeper passes every 15 s: four in a row are missing
UNSENT_SECONDS = 300  # SAFETY section 4, rule 9: alarm above five minutes


@dataclass(frozen=True)
class Check:
    """What one probe found: numbers only, never an error's words, which may name hosts or people."""

    ok: bool
    detail: dict[str, float | None] = field(default_factory=dict)

    def as_json(self) -> dict[str, object]:
        """Return it as the probe's readers get it."""
        return {"ok": self.ok, **self.detail}


def _age(seconds: float | None, *, most: float, when_unknown: bool) -> Check:
    known = None if seconds is None else round(seconds, 1)
    return Check(ok=when_unknown if known is None else known <= most, detail={"seconds": known, "most": most})


def database_checks() -> dict[str, Check]:
    """Ask PostgreSQL for a sign of life, and for what it knows of the worker and the outbox."""
    try:
        with patience(DATABASE_SECONDS):
            with connection.cursor() as cursor:
                cursor.execute("SELECT 1")
            return {
                "database": Check(ok=True),
                # Never heard of: no worker has ever run.
                "worker": _age(delivery.heartbeat_age_seconds(), most=HEARTBEAT_SECONDS, when_unknown=False),
                # None: nothing waits.
                "outbox": _age(delivery.oldest_unsent_seconds(), most=UNSENT_SECONDS, when_unknown=True),
            }
    except Error:
        connection.close()
        return {name: Check(ok=False) for name in ("database", "worker", "outbox")}


def broker_check() -> Check:
    """Ask the broker for a PONG, and how full it is (SAFETY F4: alarm at 70 %)."""
    url = settings.CELERY_BROKER_URL.replace("redis+socket://", "unix://", 1)
    client = redis.Redis.from_url(
        url,
        socket_timeout=BROKER_SECONDS,
        socket_connect_timeout=BROKER_SECONDS,
        retry=None,
    )
    try:
        client.ping()
        memory = client.info("memory")
    except redis.exceptions.NoPermissionError:
        memory = {}  # an operator may allow the portal no more than it needs
    except (redis.RedisError, OSError):
        return Check(ok=False)
    finally:
        client.close()
    most = memory.get("maxmemory") or 0
    filled = round(memory["used_memory"] / most, 3) if most else None
    return Check(ok=filled is None or filled < 0.7, detail={"filled": filled})


def alive(request: HttpRequest) -> HttpResponse:
    """Say that this process answers: nothing else is asked of it."""
    return JsonResponse({"status": "alive"})


def ready(request: HttpRequest) -> HttpResponse:
    """Say how the portal and what it stands on are.

    503 ``down`` only without PostgreSQL: without the broker or the worker pages still answer and
    letters wait in the outbox, so taking the web processes out of service would only do harm.
    That state is 200 ``degraded``, and an alarm's business.
    """
    checks = {**database_checks(), "broker": broker_check()}
    if not checks["database"].ok:
        status = "down"
    else:
        status = "ready" if all(check.ok for check in checks.values()) else "degraded"
    return JsonResponse(
        {"status": status, "checks": {name: check.as_json() for name, check in checks.items()}},
        status=503 if status == "down" else 200,
    )


def metrics(request: HttpRequest) -> HttpResponse:
    """Give Prometheus its numbers, to a peer of this machine or network; to the public, 404.

    The public comes through the proxy, which adds ``X-Forwarded-For``.
    """
    if not _is_neighbour(request):
        return HttpResponseNotFound()
    with patience(DATABASE_SECONDS):
        return HttpResponse(exposition(), content_type=CONTENT_TYPE_LATEST)


def _is_neighbour(request: HttpRequest) -> bool:
    if "HTTP_X_FORWARDED_FOR" in request.META or "HTTP_FORWARDED" in request.META:
        return False
    try:
        return ipaddress.ip_address(request.META.get("REMOTE_ADDR", "")).is_private
    except ValueError:  # a Unix socket has no address: it is the proxy's
        return False


class ProbeMiddleware:
    """Answers the probes before anything else looks at the request."""

    probes: dict[str, Callable[[HttpRequest], HttpResponse]] = {
        "/healthz": alive,
        "/readyz": ready,
        "/metrics": metrics,
    }

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        probe = self.probes.get(request.path_info)
        if probe is None:
            return self.get_response(request)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        response = probe(request)
        response["Cache-Control"] = "no-store"
        return response
