"""A letter whose fate is told by its reference."""

from __future__ import annotations

import os
import signal

from notifications.letters import Context, Letter, NothingToSend

KIND = "tests.hello"
LINK = "http://localhost:8000/lien/secret-of-this-letter"


def render(context: Context) -> Letter:
    """Write a greeting; ``void``, ``poison`` and ``deadly`` at the start of a reference do as they say."""
    match context.reference.partition("-")[0]:
        case "void":
            raise NothingToSend
        case "poison":
            raise KeyError(context.to)
        case "deadly":
            os.kill(os.getpid(), signal.SIGKILL)
    return Letter(
        subject=f"Bonjour {context.reference}",
        text=f"Bonjour,\n\nvoici votre lien :\n{LINK}\n",
        html=f'<p>Bonjour, voici <a href="{LINK}">votre lien</a>.</p>',
    )
