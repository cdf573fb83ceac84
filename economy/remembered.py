"""Values that change a few times a year and are asked for at every page: remembered for some seconds.

The process that changes such a value calls :func:`forget`, and sees the change at once; the others see
it when their seconds are over. Nothing that decides about a person is remembered, only reference data.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar

from django.db import transaction

Words = ParamSpec("Words")
Value = TypeVar("Value")

_stores: list[dict[Any, tuple[float, Any]]] = []
MOST = 200  # values kept by one function, at most
kept_for_good: dict[Any, Any] = {}  # until something changes; by whoever knows that its keys are few


def keep_for_good(key: Any, value: Any) -> None:
    """Keep a value in :data:`kept_for_good`."""
    if len(kept_for_good) >= MOST:
        kept_for_good.clear()
    kept_for_good[key] = value


def remembered(seconds: float) -> Callable[[Callable[Words, Value]], Callable[Words, Value]]:
    """Remember what a function returned for its arguments, which can be hashed, for ``seconds``."""

    def decorate(work_out: Callable[Words, Value]) -> Callable[Words, Value]:
        kept: dict[Any, tuple[float, Any]] = {}
        lock = threading.Lock()
        _stores.append(kept)

        @functools.wraps(work_out)
        def ask(*words: Words.args, **named: Words.kwargs) -> Value:
            key = (words, tuple(sorted(named.items())))
            found = kept.get(key)
            if found is not None and found[0] > time.monotonic():
                return found[1]
            value = work_out(*words, **named)
            with lock:
                if len(kept) >= MOST:
                    kept.clear()
                kept[key] = (time.monotonic() + seconds, value)
            return value

        return ask

    return decorate


def forget() -> None:
    """Forget all that this process remembers: something has changed.

    At once, and again when the transaction is committed: meanwhile another thread may have asked.
    """
    forget_now()
    transaction.on_commit(forget_now)


def forget_now() -> None:
    """Forget at once."""
    for kept in (kept_for_good, *_stores):
        kept.clear()
