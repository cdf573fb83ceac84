"""What may be done for somebody who asks, beyond an answer: offered by the apps above.

Any app says it in a module ``remedies.py`` of its own: a link beside the request on the head's page.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.utils.functional import Promise

from .models import SupportRequest

_remedies: list[Remedy] = []


def _nothing(_asked: SupportRequest) -> str:
    return ""


@dataclass(frozen=True)
class Remedy:
    """A way to help: its words, and the address of its page for one request.

    ``note`` says what stands in its way now, and until when; empty if nothing does.
    """

    label: str | Promise
    address: Callable[[SupportRequest], str]
    note: Callable[[SupportRequest], str] = _nothing


def register(remedy: Remedy) -> None:
    """Add a remedy. Called once, from an app's ``remedies.py``."""
    _remedies.append(remedy)


def for_request(asked: SupportRequest) -> list[tuple[str, str, str]]:
    """Return the words, the address and the note of each remedy for a request."""
    return [(str(each.label), each.address(asked), each.note(asked)) for each in _remedies]
