"""What Prometheus reads: how long pages take, how the outbox and the database fare.

Labels are names from the code (a view, a method, a status), never a path, a person or an
address. docs/operations.md lists the metrics and the alarms.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from datetime import timedelta

from django.db import Error, connection
from django.db.models import Count
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponse
from prometheus_client import REGISTRY, CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from audit import sealing, verification
from notifications import delivery
from notifications.models import Message, State

REQUESTS = Histogram(
    "portal_request_seconds",
    "Time to answer, by view, method and status",
    ["view", "method", "status"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
DATABASE_OUTAGES = Counter(
    "portal_database_outages", "Pages answered 503 because of PostgreSQL, by error", ["error"]
)
METHODS = frozenset({"GET", "HEAD", "POST"})


def view_name(request: HttpRequest) -> str:
    """Return the name of the address asked for, never its path; ``-`` when there is no such page."""
    match = request.resolver_match
    return (match.view_name or "unnamed") if match else "-"


class RequestMetricsMiddleware:
    """Counts and times each answer: one observation a request, of which all rates can be made.

    django-prometheus keeps 17 series for the same request, at many times the price (docs/operations.md).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = self.get_response(request)
        method = request.method if request.method in METHODS else "other"
        REQUESTS.labels(view_name(request), method, str(response.status_code)).observe(
            time.perf_counter() - began
        )
        return response


class PortalCollector(Collector):
    """Asks PostgreSQL, when Prometheus comes, for what no single process knows."""

    def collect(self) -> Iterator[Metric]:
        """Yield the state of the database, the outbox and the worker; only the first when it is away."""
        up = GaugeMetricFamily("portal_database_up", "1 when PostgreSQL answers")
        try:
            waiting = Message.objects.filter(state=State.WAITING).count()
            # Of one day only: the table keeps a year's, and no probe may read them all.
            others = list(
                Message.objects.filter(created_at__gte=Now() - timedelta(days=1))
                .exclude(state=State.WAITING)
                .values_list("state")
                .annotate(Count("pk"))
                .order_by("state")
            )
            oldest = delivery.oldest_unsent_seconds()
            heartbeat = delivery.heartbeat_age_seconds()
            unsealed = sealing.oldest_unsealed_seconds()
            verified = verification.last_noted()
        except Error:
            connection.close()
            up.add_metric([], 0)
            yield up
            return
        up.add_metric([], 1)
        yield up
        messages = GaugeMetricFamily(
            "portal_outbox_messages", "Messages waiting; other states: of the last 24 hours", labels=["state"]
        )
        for state, number in [(State.WAITING, waiting), *others]:
            messages.add_metric([state], number)
        yield messages
        yield GaugeMetricFamily(
            "portal_outbox_oldest_unsent_seconds",
            "Age of the oldest message still to send",
            value=oldest or 0,
        )
        if heartbeat is not None:
            yield GaugeMetricFamily(
                "portal_worker_heartbeat_age_seconds",
                "Time since a worker gave a sign of life",
                value=heartbeat,
            )
        yield GaugeMetricFamily(
            "portal_journal_oldest_unsealed_seconds",
            "Age of the oldest line of the journal without a seal",
            value=unsealed or 0,
        )
        if verified is not None:
            yield GaugeMetricFamily(
                "portal_journal_intact",
                "1 when the last verification of the journal found nothing wrong",
                value=verified.act == verification.INTACT,
            )


def exposition() -> bytes:
    """Return all metrics in Prometheus's text format.

    With ``PROMETHEUS_MULTIPROC_DIR`` the numbers of all web processes that share this directory
    are added up; without it they are those of this process alone.
    """
    processes = REGISTRY
    if "PROMETHEUS_MULTIPROC_DIR" in os.environ:
        processes = CollectorRegistry()
        MultiProcessCollector(processes)
    shared = CollectorRegistry()
    shared.register(PortalCollector())
    return generate_latest(processes) + generate_latest(shared)
