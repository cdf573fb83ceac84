"""What may be done for somebody who asks, beyond an answer: offered by the apps above.

Any app says it in a module ``remedies.py`` of its own: a link beside the request on the head's page.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise

from .models import SupportRequest

_remedies: list[Remedy] = []


@dataclass(frozen=True)
class Remedy:
    """A way to help: its words, and the address of its page for one request."""

    label: str | Promise
    address: Callable[[SupportRequest], str]


def register(remedy: Remedy) -> None:
    """Add a remedy. Called once, from an app's ``remedies.py``."""
    _remedies.append(remedy)


def for_request(asked: SupportRequest) -> list[tuple[str, str]]:
    """Return the words and the address of each remedy for a request."""
    return [(str(each.label), each.address(asked)) for each in _remedies]
