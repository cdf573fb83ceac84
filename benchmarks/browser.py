"""The least of a browser: one keep-alive connection, its cookies, and how long each answer took."""

from __future__ import annotations

import html
import http.client
import re
import time
from dataclasses import dataclass
from urllib.parse import urlencode, urlsplit

PATIENCE = 60  # seconds
MOST_REDIRECTS = 10


class Unexpected(Exception):
    """An answer that a family would not have got."""


@dataclass(frozen=True)
class Answer:
    """What the server said."""

    status: int
    location: str
    text: str


class Browser:
    """One client; ``address`` is what the server reads in ``X-Forwarded-For``, another one for each."""

    def __init__(self, site: str, address: str) -> None:
        parts = urlsplit(site)
        self.site, self.address = site, address
        self.connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=PATIENCE)
        self.cookies: dict[str, str] = {}
        self.took: dict[str, float] = {}

    def get(self, path: str, *, step: str) -> Answer:
        """Ask for a page, and expect it."""
        answer = self.ask("GET", path, None, step)
        if answer.status != 200:
            raise Unexpected(f"GET {step}: {answer.status} {answer.location}")
        return answer

    def post(self, path: str, fields: dict[str, str], *, step: str) -> Answer:
        """Send a form with the token of its page, and expect to be led on."""
        answer = self.ask("POST", path, {**fields, "csrfmiddlewaretoken": self.token}, step)
        if answer.status != 302:
            errors = " ".join(re.findall(r'(?:error">|errorlist[^>]*><li>)(.*?)<', answer.text))
            raise Unexpected(f"POST {step}: {answer.status} {html.unescape(errors)[:300]}")
        return answer

    def follow(self, path: str, *, step: str) -> str:
        """Ask for a page, go wherever this site leads on, and return where the page is that comes."""
        return self.arrive(path, step=step)[0]

    def arrive(self, path: str, *, step: str) -> tuple[str, str]:
        """Do as :meth:`follow`; return where the page is, and the page."""
        for _page in range(MOST_REDIRECTS):
            answer = self.ask("GET", path, None, step)
            if answer.status == 200:
                return path, answer.text
            if answer.status != 302:
                raise Unexpected(f"GET {step}: {answer.status}")
            path = answer.location
        raise Unexpected(f"GET {step}: led on and on, at last to {path}")

    @property
    def token(self) -> str:
        """What a form must hold to be taken for one of the site's own."""
        return self.cookies.get("csrf") or self.cookies.get("csrftoken") or ""

    def ask(
        self, method: str, path: str, fields: dict[str, str] | None, step: str, *, most: int | None = None
    ) -> Answer:
        """Ask once, and return the answer whatever it is; ``OSError`` or ``HTTPException`` without one.

        Of a long answer only ``most`` bytes are waited for, and the connection is closed.
        """
        headers = {
            "X-Forwarded-For": self.address,
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()),
            "Accept-Language": "fr",
        }
        body = None
        if fields is not None:
            body = urlencode(fields)
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Origin": self.site}
        began = time.perf_counter()
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        text = (response.read() if most is None else response.read(most)).decode("utf-8", "replace")
        self.took[step] = self.took.get(step, 0) + time.perf_counter() - began
        if most is not None:
            response.close()
            self.connection.close()
        for header, value in response.getheaders():
            if header.lower() == "set-cookie":
                name, _, rest = value.partition("=")
                self.cookies[name] = rest.partition(";")[0]
        return Answer(response.status, response.getheader("Location") or "", text)

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()
