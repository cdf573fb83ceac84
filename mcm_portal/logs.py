"""Logs that tell what happened and to nobody's harm: no personal data, no token (SAFETY T26).

A log line is read by people and machines that may not read a child's name. So nothing gets in
by default:

- our own events are a constant sentence and fields named in :data:`FIELDS`; any other field is
  dropped, and its name listed, so that the one who wrote it sees it;
- lines of other libraries keep their template (« Not Found: … ») and the numbers in it, never
  the words that were put into it: these are paths, hosts, addresses, whole messages;
- an exception is its type, its SQLSTATE and constraint, and the lines of code it came through;
  never its message (« Key (address)=(…) already exists ») nor the values of variables;
- a request is its method and the name of its address, never its path, query or headers.

JSON lines in production, for the eye with ``DEBUG``. docs/operations.md shows how to read them.
"""

from __future__ import annotations

import logging
import logging.config
import re
import sys
import threading
import traceback
from collections.abc import Callable, ItemsView
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TextIO

import structlog
from django.views.debug import SafeExceptionReporterFilter
from structlog.typing import EventDict, Processor, WrappedLogger

FIELDS = frozenset(
    {
        "act",
        "at",
        "attempts",
        "channel",
        "code",
        "count",
        "error",
        "event",
        "exception",
        "kind",
        "level",
        "logger",
        "message",  # the outbox's public id
        "ms",
        "request",
        "request_id",
        "seal",  # of the journal: its number and the beginning of its mac
        "seconds",
        "sqlstate",
        "state",
        "task",
        "task_id",
        "timestamp",
        "trouble",
        "where",
    }
)
HIDDEN = "…"
_IDENTIFIERS = frozenset({"request_id", "task_id", "message", "seal", "timestamp", "where"})
# What a field may say: a few plain words, no address, nothing that looks like a phone or a token.
_PLAIN = re.compile(r"(?!.*\d{7})[\w .:,<>()-]{0,120}")
_IDENTIFIER = re.compile(r"[\w./:+-]{1,120}")
_CODE_NAME = re.compile(r"[\w.-]{1,100}")
_TASK_WORDS = frozenset({"name", "id", "runtime"})  # of Celery's templates
_HOME = Path(__file__).resolve().parent.parent


class _Hidden:
    """Stands in a template for a word that is not shown."""

    def __str__(self) -> str:
        return HIDDEN

    __repr__ = __str__


def _shown(value: object) -> object:
    return value if isinstance(value, int | float) else _Hidden()


def _foreign_event(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Rebuild a line of another library without the words that were put into it."""
    record = event["_record"]
    arguments = event.pop("positional_args", ())
    template = str(record.msg)
    if not arguments:
        # It may have been put together before it came here (an f-string, an exception): say only where.
        event["event"] = f"line of {record.name}"
        event["at"] = f"{record.module}:{record.lineno}"
        return event
    try:
        if isinstance(arguments, dict):
            event["event"] = template % {
                key: value if key in _TASK_WORDS and _CODE_NAME.fullmatch(str(value)) else _shown(value)
                for key, value in arguments.items()
            }
        else:
            event["event"] = template % tuple(_shown(value) for value in arguments)
    except (TypeError, ValueError, KeyError):
        event["event"] = template
    return event


def _where(frames: traceback.StackSummary) -> list[str]:
    """Return the portal's own lines, and the last few of whatever library it ended in."""
    lines = []
    for number, frame in enumerate(frames, start=1):
        if (path := Path(frame.filename)).is_relative_to(_HOME) and "site-packages" not in path.parts:
            lines.append(f"  {path.relative_to(_HOME)}:{frame.lineno} in {frame.name}")
        elif number > len(frames) - 4:
            lines.append(f"  {frame.filename.rpartition('site-packages/')[2]}:{frame.lineno} in {frame.name}")
    return lines


def describe(error: BaseException) -> str:
    """Return an exception and its causes: types, SQL states and lines of code, no word of their messages."""
    lines: list[str] = []
    seen: set[int] = set()
    current: BaseException | None = error
    while current is not None and id(current) not in seen and len(seen) < 5:
        seen.add(id(current))
        name = f"{type(current).__module__}.{type(current).__qualname__}"
        sqlstate = getattr(current, "pgcode", None)
        constraint = getattr(getattr(current, "diag", None), "constraint_name", None)
        lines.append(
            name
            + (f" sqlstate={sqlstate}" if sqlstate else "")
            + (f" constraint={constraint}" if constraint else "")
        )
        # lookup_lines=False, no locals: neither the source nor a value is read.
        summary = traceback.StackSummary.extract(
            traceback.walk_tb(current.__traceback__), lookup_lines=False, capture_locals=False
        )
        lines.extend(_where(summary))
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return "\n".join(lines)


def _exception(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Replace ``exc_info`` by :func:`describe` of it."""
    info = event.pop("exc_info", None)
    if info is True:
        info = sys.exc_info()
    error = info[1] if isinstance(info, tuple) else info
    if isinstance(error, BaseException):
        event["exception"] = describe(error)
    event.pop("stack_info", None)
    return event


def _plain(name: str, value: object) -> object:
    if value is None or isinstance(value, bool | int | float) or name in {"exception", "logger", "level"}:
        return value
    pattern = _IDENTIFIER if name in _IDENTIFIERS else _PLAIN
    return value if pattern.fullmatch(str(value)) else HIDDEN


def _only_known_fields(logger: WrappedLogger, method: str, event: EventDict) -> EventDict:
    """Drop what :data:`FIELDS` does not name, and hide what does not look like what it should be."""
    foreign = not event.pop("_from_structlog", True)
    event.pop("_record", None)
    kept: EventDict = {}
    for name, value in event.items():
        if name == "event" and foreign:
            kept[name] = value
        elif name in FIELDS:
            kept[name] = _plain(name, value)
    if dropped := sorted(str(name) for name in event if name not in FIELDS):
        kept["dropped"] = ",".join(dropped)
    return kept


def _log_thread_crash(args: threading.ExceptHookArgs) -> None:
    if args.exc_type is not SystemExit:
        structlog.get_logger(__name__).error("thread_crashed", exc_info=args.exc_value)


class _Lines:
    """Where our own events go: beside the lines of other libraries, without their way through ``logging``.

    That way makes two records of each line, about half of what a line costs; each page has one. A line is
    written by one call, so that those of several threads do not mix.
    """

    def __init__(self, file: TextIO, name: str = "") -> None:
        self.file, self.name = file, name

    def msg(self, line: str) -> None:
        """Write a line. No page fails because its line cannot be written (a full disk, a closed pipe)."""
        with suppress(OSError, ValueError):
            self.file.write(line + "\n")
            self.file.flush()

    def __getattr__(self, level: str) -> Callable[[str], None]:
        """Write a line of any level in the same way: it says its level itself."""
        return self.msg


def configure(*, debug: bool) -> None:
    """Send every line of this process, whichever library wrote it, through the rules above to stderr."""
    # A line that cannot be formatted must not be printed raw, with its arguments.
    logging.raiseExceptions = False
    threading.excepthook = _log_thread_crash
    stamp: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    renderer: Processor = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        if debug
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    rules: list[Processor] = [_exception, _only_known_fields, renderer]
    structlog.configure(
        processors=[*stamp, *rules],
        logger_factory=partial(_Lines, sys.stderr),
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        cache_logger_on_first_use=True,
    )
    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "formatters": {
                "portal": {
                    "()": structlog.stdlib.ProcessorFormatter,
                    "foreign_pre_chain": [*stamp, _foreign_event],
                    "processors": rules,
                    "pass_foreign_args": True,
                    "use_get_message": False,
                }
            },
            "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "portal"}},
            "root": {"handlers": ["stderr"], "level": "INFO"},
            "loggers": {
                # Every answer has its own line already (request_log.py), errors with their exception.
                "django.request": {"level": "CRITICAL"},
                "django.server": {"level": "CRITICAL"},
                # It would say at each sign-in which passkey was used.
                "fido2": {"level": "WARNING"},
                # What became of an SMS has its line already (notifications.delivery).
                "smpplib": {"level": "ERROR"},
            },
        }
    )


class ExceptionReporterFilter(SafeExceptionReporterFilter):
    """Hides, on Django's page for developers, every setting with a secret in it and all that was typed.

    That page exists with ``DEBUG`` only; but ``make run`` on a school's own machine has ``DEBUG`` too.
    """

    hidden_settings = re.compile(
        r"API|AUTH|TOKEN|KEY|SECRET|PASS|SIGNATURE|COOKIE|CSRF|SID|URL|DATABASE|BROKER|EMAIL|SMS|CONTACT|DSN",
        flags=re.IGNORECASE,
    )

    def get_post_parameters(self, request: object) -> dict[str, str]:
        """Name the fields that were sent, without what was typed into them."""
        try:
            posted = getattr(request, "POST", None) or {}
        except Exception:  # a body that cannot be read is what brought us here
            posted = {}
        return dict.fromkeys(posted, self.cleansed_substitute)

    def get_traceback_frame_variables(self, request: object, tb_frame: object) -> ItemsView[str, object]:
        """Return no local variable: forms, letters and people are in them."""
        return {}.items()
