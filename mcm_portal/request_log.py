"""One log line for each answer: method, name of the address, status, milliseconds, nothing of the person."""

from __future__ import annotations

import time
import uuid
from typing import Any

import structlog
from django.dispatch import receiver
from django.http import HttpRequest
from django_structlog import signals
from django_structlog.middlewares import RequestMiddleware

from .metrics import METHODS, view_name

BEGAN = "mcm_portal.began"  # beside what the server says of a request (PEP 3333)


class RequestLogMiddleware(RequestMiddleware):
    """django-structlog's middleware without what it knows of people: path, query, browser, IP address, user.

    Each line written while a request is served carries its ``request_id``, made here: one that
    the client sent could say anything.
    """

    def prepare(self, request: HttpRequest) -> None:
        """Give the request its id, instead of a line when it starts."""
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=uuid.uuid4().hex)
        request.META[BEGAN] = time.perf_counter()

    @staticmethod
    def bind_user_id(request: HttpRequest) -> None:
        """Do not: it would also cost a query on each page."""

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        """Return the method and the name of the address, ``GET sign_in``; its path may hold a token."""
        method = request.method if request.method in METHODS else "other"
        return f"{method} {view_name(request)}"


@receiver(signals.bind_extra_request_finished_metadata)
def _add_duration(request: HttpRequest, log_kwargs: dict[str, Any], **kwargs: object) -> None:
    began = request.META.get(BEGAN)
    if began is not None:
        log_kwargs["ms"] = round((time.perf_counter() - began) * 1000)
