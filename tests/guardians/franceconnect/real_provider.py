"""FranceConnect as the tests have it: npm ``oidc-provider``, the library it is made with (tests/node)."""

from __future__ import annotations

import re
import signal
import subprocess
import urllib.error
import urllib.request
from http.client import HTTPMessage
from http.cookiejar import CookieJar
from typing import IO
from urllib.parse import urlencode, urljoin

from mcm_portal.embedded import peers
from mcm_portal.embedded.processes import in_child
from tests.peers import free_port

CLIENT = "portail-de-test"
SECRET = "un-secret-de-test-assez-long-pour-la-bibliotheque"


class RealProvider:
    """One running on a port of its own, for a portal at ``site``; ``program`` may set another one up."""

    def __init__(
        self,
        site: str,
        *,
        program: str = "franceconnect.mjs",
        mount: str = "/api/v2",
        back: str = "/responsables/franceconnect/retour/",
        bye: str = "/responsables/franceconnect/au-revoir/",
    ) -> None:
        self.port = free_port()
        self.origin = f"http://localhost:{self.port}"
        self.issuer = f"{self.origin}{mount}"
        folder = peers.find_or_fetch()
        self.process = subprocess.Popen(
            [
                str(peers.node()),
                str(folder / program),
                str(self.port),
                CLIENT,
                SECRET,
                f"{site}{back}",
                f"{site}{bye}",
            ],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            preexec_fn=in_child(signal.SIGKILL),
        )
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n", "the provider did not start"

    def freeze(self) -> None:
        """Let it hear and say nothing."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self.process.send_signal(signal.SIGCONT)

    def stop(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait()


class NoFurther(urllib.request.HTTPRedirectHandler):
    """Stops where a redirect leaves the provider."""

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        """Follow within the same origin only."""
        if urljoin(newurl, "/") != urljoin(req.full_url, "/"):
            raise Left(newurl)
        return super().redirect_request(req, fp, code, msg, headers, newurl)


class Left(Exception):
    """The browser was sent elsewhere."""


class BrowserThere:
    """A browser as the provider sees it: its cookies there, and what its person presses."""

    def __init__(self) -> None:
        self.opener = urllib.request.build_opener(NoFurther, urllib.request.HTTPCookieProcessor(CookieJar()))

    def signs_in(self, address: str, person: str) -> str:
        """Follow the portal's redirect, press a person's button (none: cancel); return where it leads."""
        try:
            with self.opener.open(address) as page:
                here = page.geturl()
            with self.opener.open(here, urlencode({"person": person}).encode()) as page:
                raise AssertionError(page.read().decode())
        except Left as left:
            return str(left)

    def reads(self, address: str) -> str:
        """Open a page there; return its text, an error's too."""
        try:
            with self.opener.open(address) as page:
                return page.read().decode()
        except urllib.error.HTTPError as error:
            return error.read().decode()

    def signs_out(self, address: str) -> str:
        """Follow the portal's redirect to the end of the session; confirm; return where it leads."""
        page = self.reads(address)
        action = re.search(r'action="([^"]+)"', page)
        xsrf = re.search(r'name="xsrf" value="([^"]+)"', page)
        assert action and xsrf, page
        try:
            form = urlencode({"xsrf": xsrf[1], "logout": "yes"}).encode()
            with self.opener.open(urljoin(address, action[1]), form) as answer:
                raise AssertionError(answer.read().decode())
        except Left as left:
            return str(left)
