"""A browser and its machine in plain words, so that people know their own devices in a list.

Only families of browsers and systems: enough to say « this is my phone », too little to follow anybody.
"""

from __future__ import annotations

import re

from django.utils.translation import gettext as _

# The first that is found counts: many browsers also name those they descend from.
BROWSERS = (
    ("edge", "Edge", r"Edg(e|A|iOS)?/"),
    ("opera", "Opera", r"OPR/|Opera"),
    ("samsung", "Samsung Internet", r"SamsungBrowser/"),
    ("firefox", "Firefox", r"Firefox/|FxiOS/"),
    ("chrome", "Chrome", r"Chrome/|CriOS/|Chromium/"),
    ("safari", "Safari", r"Safari/"),
)
SYSTEMS = (
    ("android", "Android", r"Android"),
    ("iphone", "iPhone", r"iPhone|iPod"),
    ("ipad", "iPad", r"iPad"),
    ("chromeos", "ChromeOS", r"CrOS"),
    ("windows", "Windows", r"Windows"),
    ("mac", "Mac", r"Macintosh|Mac OS"),
    ("linux", "Linux", r"Linux|X11"),
)


def code_of(user_agent: str) -> str:
    """Return a code such as ``firefox.android`` for what a browser says it is; unknown parts are empty."""
    said = user_agent[:500]
    parts = [
        next((code for code, _name, pattern in known if re.search(pattern, said)), "")
        for known in (BROWSERS, SYSTEMS)
    ]
    return ".".join(parts)


def in_words(code: str) -> str:
    """Return « Firefox sur Android » for a code of :func:`code_of`."""
    browser, _dot, system = code.partition(".")
    browser_name = next((name for known, name, _pattern in BROWSERS if known == browser), "")
    system_name = next((name for known, name, _pattern in SYSTEMS if known == system), "")
    if browser_name and system_name:
        return _("%(browser)s sur %(system)s") % {"browser": browser_name, "system": system_name}
    return browser_name or system_name or _("Un navigateur que nous ne connaissons pas")
