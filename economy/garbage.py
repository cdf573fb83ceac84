"""How often Python looks for rubbish among what a process keeps for ever.

A process that serves pages holds some hundred thousand objects that stay: code, models, templates. Python's
collector walks through all of them every few pages to find a few that are no longer needed, which cost a
tenth of a page's time. What is there when the process begins to serve is set aside, and the rest is looked
through less often; nothing is kept longer than some hundred pages.
"""

from __future__ import annotations

import gc

NEW_OBJECTS = 20_000  # made since the last look, more than went: some ten pages; Python's own is 700
OLDER = 10  # looks at the new ones for each at those that stayed once; again for all


def look_less_often() -> None:
    """Call once, in a process that has loaded everything and is about to serve."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(NEW_OBJECTS, OLDER, OLDER)
