"""Makes ``static/css/dsfr.css`` and ``brand.css`` out of the stylesheets of django-dsfr.

Run ``python -m mcm_portal.design_system`` after an update of django-dsfr; a test compares.

Why not link the package's own files: its whole sheet is 575 kB of which a page uses a third, one
file per component is twenty requests for a phone, the State's font and block must not reach a portal
without ``PORTAL_BRAND``, and its dark palette waits for JavaScript. Here dark follows the system by a
media query, and ``<html data-theme="light|dark">``, set by js/theme.js, overrules it.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

COMPONENTS = (
    *("skiplink", "link", "button", "form", "input", "select", "radio", "checkbox", "alert", "notice"),
    *("breadcrumb", "badge", "callout", "stepper"),
)
SOURCE = "dsfr/dist"
HEADER = "/*! Made by mcm_portal/design_system.py from django-dsfr. DSFR, SPDX-License-Identifier: MIT */\n"
STATE_FONTS = {"Marianne,arial,sans-serif": "var(--font)", "Spectral,georgia,serif": "var(--font)"}
BRAND_FONT = "--font:Marianne,arial,sans-serif"
DARK = "[data-fr-theme=dark]"
_COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)
_URL = re.compile(r"url\((?!['\"]?data:)([^)]*)\)")


def rules(css: str) -> Iterator[tuple[str, str]]:
    """The outermost rules of a stylesheet without comments: what stands before each brace, and inside."""
    depth = start = opened = 0
    quote = ""
    for place, sign in enumerate(css):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "\"'":
            quote = sign
        elif sign == "{":
            depth += 1
            if depth == 1:
                opened = place
        elif sign == "}":
            depth -= 1
            if depth == 0:
                yield css[start:opened].strip(), css[opened + 1 : place].strip()
                start = place + 1


def split(css: str) -> tuple[str, str, str]:
    """The light rules, the dark ones (their selectors still hold ``DARK``), and the font faces."""
    light: list[str] = []
    dark: list[str] = []
    faces: list[str] = []
    for selector, body in rules(css):
        if selector == "@font-face":
            faces.append(f"{selector}{{{body}}}")
        elif selector.startswith(("@media", "@supports")):
            for part, found in zip((light, dark), split(body), strict=False):
                if found:
                    part.append(f"{selector}{{{found}}}")
        else:
            selectors = selector.split(",") if DARK in selector else [selector]
            for part, own in (
                (light, [one for one in selectors if DARK not in one]),
                (dark, [one for one in selectors if DARK in one]),
            ):
                if own:
                    part.append(f"{','.join(own)}{{{body}}}")
    return "".join(light), "".join(dark), "".join(faces)


def read(path: str) -> str:
    """One stylesheet of the package, its addresses made relative to ``static/css/``."""
    css = _COMMENT.sub("", (files("dsfr") / "static" / SOURCE / path).read_text(encoding="utf-8"))
    folder = posixpath.dirname(f"{SOURCE}/{path}")
    css = _URL.sub(lambda url: f"url(../{posixpath.normpath(f'{folder}/{url[1]}')})", css)
    for fonts, ours in STATE_FONTS.items():
        css = css.replace(fonts, ours)
    return css


def both_ways(dark: str) -> str:
    """Dark rules twice: where the system asks for dark and nobody chose light, and where dark was chosen."""
    dark = dark.replace(f":root{DARK}", DARK)
    by_system = dark.replace(DARK, ":root:not([data-theme=light])")
    return f"@media (prefers-color-scheme:dark){{{by_system}}}{dark.replace(DARK, ':root[data-theme=dark]')}"


def stylesheets() -> dict[str, str]:
    """Name → content of the two sheets."""
    paths = ["core/core.main.min.css", *(f"component/{name}/{name}.main.min.css" for name in COMPONENTS)]
    light, dark, faces = split("".join(map(read, paths)))
    palette = split(read("scheme/scheme.min.css"))[1]
    logo, dark_logo, _ = split(read("component/logo/logo.main.min.css"))
    return {
        "dsfr.css": f"{HEADER}{light}{both_ways(palette + dark)}\n",
        "brand.css": f"{HEADER}{faces}:root{{{BRAND_FONT}}}{logo}{both_ways(dark_logo)}\n",
    }


if __name__ == "__main__":
    for name, css in stylesheets().items():
        (Path(__file__).resolve().parent.parent / "static" / "css" / name).write_text(css, encoding="utf-8")
