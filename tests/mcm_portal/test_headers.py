"""What every answer has the browser refuse, and what a stranger's browser keeps (SAFETY G12, T27, T57)."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit
from uuid import UUID

import pytest
from django.conf import settings
from django.http import HttpResponse
from django.test import Client
from django.urls import URLPattern, URLResolver, get_resolver, reverse
from django.urls.resolvers import RoutePattern

from accounts.models import MCM, Level, PolicyDocument, SignInName, User

from .conftest import ROOT

PASSWORD = "Une-Longue-Phrase-2026!"
DUMMIES = {
    "StringConverter": "jeton-inconnu",
    "SlugConverter": "inconnu",
    "IntConverter": 1,
    "UUIDConverter": UUID(int=0),
    "LevelConverter": Level.values[0],
    "PathConverter": "1",
    "PolicyConverter": PolicyDocument.Kind.COOKIES,
    "VersionConverter": "2026-1",
}
HOST = urlsplit(settings.SITE_URL).hostname


def addresses(resolver: URLResolver | None = None, space: str = "") -> Iterator[str]:
    """Walk every address of the portal, with something plausible for each of its parts."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            yield from addresses(entry, f"{space}{entry.namespace}:" if entry.namespace else space)
        elif isinstance(entry.pattern, RoutePattern) and (entry.name or not space):
            # The admin has a few of its own without a name, and made of regular expressions.
            assert isinstance(entry, URLPattern)
            parts = {
                name: DUMMIES[type(converter).__name__]
                for name, converter in entry.pattern.converters.items()
            }
            yield reverse(entry.callback if entry.name is None else f"{space}{entry.name}", kwargs=parts)


@pytest.fixture
def stranger() -> Client:
    """Somebody who has never been here."""
    return Client(raise_request_exception=False, headers={"host": HOST})


def policy(response: HttpResponse) -> dict[str, list[str]]:
    parts = (part.split() for part in response["Content-Security-Policy"].split(";"))
    return {part[0]: part[1:] for part in parts if part}


def assert_protected(response: HttpResponse) -> None:
    """Check the headers of SAFETY section 4."""
    directives = policy(response)
    assert directives["default-src"] == ["'none'"]
    assert directives["frame-ancestors"] == directives["base-uri"] == directives["object-src"] == ["'none'"]
    assert directives["form-action"] == ["'self'"]
    sources = {source for directive in directives.values() for source in directive}
    assert not {"'unsafe-inline'", "'unsafe-eval'", "*", "https:", "http:"} & sources
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["X-Frame-Options"] == "DENY"
    assert response["Referrer-Policy"] in {"same-origin", "no-referrer", "strict-origin"}
    assert response["Cross-Origin-Opener-Policy"] == "same-origin"
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    assert "camera=()" in response["Permissions-Policy"]


@pytest.mark.django_db
def test_every_address_of_the_portal_is_protected_and_none_fails(stranger: Client) -> None:
    seen = list(addresses())
    assert len(seen) >= 15
    for address in seen:
        response = stranger.get(address)
        assert response.status_code < 500, address
        assert_protected(response)


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["home", "terms", "data_protection", "recover"])
def test_plain_pages_leave_a_stranger_without_a_session(stranger: Client, name: str) -> None:
    response = stranger.get(reverse(name))
    assert response.status_code == 200
    assert settings.SESSION_COOKIE_NAME not in response.cookies


def test_the_home_page_sets_no_cookie_at_all(stranger: Client) -> None:
    assert not stranger.get(reverse("home")).cookies


@pytest.mark.django_db
def test_cookies_are_out_of_reach_of_scripts_and_other_sites(stranger: Client) -> None:
    for address in addresses():
        for cookie in stranger.get(address).cookies.values():
            assert cookie["httponly"], cookie.key
            assert cookie["samesite"] in {"Lax", "Strict"}, cookie.key
            assert not cookie["domain"], cookie.key
            assert cookie["path"] == "/", cookie.key


@pytest.mark.parametrize(
    ("path", "status"),
    [("/healthz", 200), ("/metrics", 404), ("/rien", 404), ("/static/rien.css", 404)],
)
@pytest.mark.django_db
def test_probes_files_and_missing_pages_are_protected(stranger: Client, path: str, status: int) -> None:
    response = stranger.get(path, headers={"x-forwarded-for": "203.0.113.7"})
    assert response.status_code == status
    assert_protected(response)


@pytest.mark.parametrize("method", ["TRACE", "TRACK", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT"])
def test_a_method_the_portal_does_not_speak_is_refused(stranger: Client, method: str) -> None:
    for path in ("/", "/healthz", "/static/rien.css"):
        response = stranger.generic(method, path, headers={"x-secret": "Jeton"})
        assert response.status_code == 405
        assert response["Allow"] == "GET, HEAD, POST"
        assert b"Jeton" not in response.content
        assert_protected(response)


@pytest.mark.parametrize(
    "headers",
    [
        {"host": "evil.example"},
        {"host": f"{HOST}.evil.example"},
        {"host": f"{HOST}@evil.example"},
        {"host": HOST, "x-forwarded-host": "evil.example"},
        {"host": HOST, "x-forwarded-server": "evil.example", "forwarded": "host=evil.example"},
        {
            "host": HOST,
            "x-host": "evil.example",
            "x-original-url": "//evil.example/",
            "x-rewrite-url": "//evil",
        },
    ],
)
@pytest.mark.django_db
def test_a_forged_host_is_refused_or_of_no_effect(headers: dict[str, str]) -> None:
    someone = Client(raise_request_exception=False, headers=headers)
    for address in (reverse("home"), reverse("sign_in", args=[Level.values[0]]), reverse("my_space")):
        response = someone.get(address)
        if headers["host"] == HOST:
            assert response.status_code in {200, 302}
        else:
            assert response.status_code == 400
        assert b"evil" not in response.content
        assert "evil" not in str(response.headers)
        assert_protected(response)


NEXT = [
    "https://evil.example",
    "http://evil.example/",
    "//evil.example",
    "///evil.example",
    "////evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "\\/evil.example",
    "/\t/evil.example",
    "\t//evil.example",
    "\n//evil.example",
    "/\n/evil.example",
    " //evil.example",
    "https:evil.example",
    "https:/evil.example",
    "http:///evil.example",
    "javascript:alert(1)",
    "data:text/html,evil",
    "https://localhost@evil.example/",
    "//localhost:8000@evil.example/",
    "ftp://evil.example",
    "\x00//evil.example",
]


@pytest.fixture
def jeanne(db: None) -> User:
    """Somebody with an account."""
    user = User.objects.create_user(password=PASSWORD, first_name="Jeanne", last_name="Martin")
    SignInName.objects.create(user=user, authority=MCM, name="jeanne.martin")
    return user


def lands_here(response: HttpResponse) -> bool:
    """Say whether a browser stays on the portal (WHATWG: a backslash is a slash, tabs vanish)."""
    location = response["Location"]
    seen = "".join(c for c in location if c not in "\t\n\r").strip("\x00 ").replace("\\", "/")
    return seen.startswith("/") and not seen.startswith("//") and "evil" not in location


@pytest.mark.parametrize("wanted", NEXT)
def test_signing_in_never_leads_to_another_site(jeanne: User, stranger: Client, wanted: str) -> None:
    door = reverse("sign_in", args=[Level.values[0]])
    response = stranger.post(door, {"login": "jeanne.martin", "password": PASSWORD, "next": wanted})
    assert response.status_code == 302
    assert lands_here(response)
    again = stranger.get(door, {"next": wanted})
    assert again.status_code == 302
    assert lands_here(again)


def test_signing_in_leads_back_to_the_page_that_was_wanted(jeanne: User, stranger: Client) -> None:
    door = reverse("sign_in", args=[Level.values[0]])
    wanted = reverse("terms")
    response = stranger.post(door, {"login": "jeanne.martin", "password": PASSWORD, "next": wanted})
    assert response["Location"] == wanted


PRODUCTION = {
    "DEBUG": "0",
    "SITE_URL": "https://mcm.example.fr",
    "ALLOWED_HOSTS": "mcm.example.fr",
    "EMAIL_URL": "smtp+tls://portail:secret@smtp.example.fr",
    "DEFAULT_FROM_EMAIL": "ne-pas-repondre@mcm.example.fr",
    "SECRET_KEY": "a-key-of-production-that-is-long-enough-0123456789-abcdefghijklmnop",
    "LINK_KEY": "another-key-of-production-that-is-long-enough-0123456789-abcdefghijkl",
    "TRUSTED_PROXY_COUNT": "1",
}


def in_production(*command: str) -> subprocess.CompletedProcess[str]:
    """Run Python with the documented settings of production."""
    return subprocess.run(
        [sys.executable, *command], cwd=ROOT, env={**os.environ, **PRODUCTION}, capture_output=True, text=True
    )


def test_django_finds_nothing_to_say_about_the_settings_of_production() -> None:
    done = in_production("manage.py", "check", "--deploy", "--fail-level", "WARNING")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "no issues" in done.stdout + done.stderr


def test_over_https_cookies_belong_to_this_host_alone_and_browsers_remember_https() -> None:
    script = (
        "import django; django.setup()\n"
        "from django.conf import settings\n"
        "from django.test import Client\n"
        "settings.STORAGES['staticfiles']['BACKEND'] ="
        " 'django.contrib.staticfiles.storage.StaticFilesStorage'\n"
        "c = Client(headers={'host': 'mcm.example.fr', 'x-forwarded-proto': 'https'})\n"
        "r = c.get('/acces-oublie/')\n"
        "print(r.status_code, r['Strict-Transport-Security'], sep='|')\n"
        "print(settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_SECURE, sep='|')\n"
        "for m in r.cookies.values(): print(m.key, bool(m['secure']), bool(m['httponly']), sep='|')\n"
        "p = Client(headers={'host': 'mcm.example.fr'}).get('/')\n"
        "print(p.status_code, p['Location'], sep='|')\n"
    )
    done = in_production("-c", script)
    lines = done.stdout.splitlines()
    assert lines[0] == "200|max-age=63072000; includeSubDomains; preload", done.stderr
    assert lines[1] == "__Host-sid|True"
    assert "__Host-csrf|True|True" in lines
    assert all(line.startswith("__Host-") for line in lines[2:-1])
    assert lines[-1] == "301|https://mcm.example.fr/"
