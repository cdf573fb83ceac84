"""Whoever installs the portal is told at once what is wrong with a setting, and which one."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from django.core.exceptions import ImproperlyConfigured

from mcm_portal import env
from mcm_portal.env import Environment

POSTGRES = ("postgres", "postgresql")


def parts(name: str, value: str, *schemes: str):
    found = Environment({name: value}).url(name, None, schemes=schemes)
    assert found is not None
    return found


def test_a_required_setting_that_is_missing_or_blank_is_named() -> None:
    for values in ({}, {"SECRET_KEY": ""}, {"SECRET_KEY": "  "}):
        with pytest.raises(ImproperlyConfigured, match="SECRET_KEY is required"):
            Environment(values).text("SECRET_KEY")


def test_spaces_around_a_value_do_not_count() -> None:
    assert Environment({"X": "  a b  "}).text("X") == "a b"
    assert Environment({}).text("X", "default") == "default"


@pytest.mark.parametrize(
    ("value", "meaning"),
    [("1", True), ("true", True), ("YES", True), ("On", True), ("0", False), ("False", False), ("no", False),
     ("OFF", False), ("", False)],
)  # fmt: skip
def test_a_yes_or_a_no_in_the_usual_words(value: str, meaning: bool) -> None:
    assert Environment({"DEBUG": value}).flag("DEBUG") is meaning


@pytest.mark.parametrize("value", ["2", "oui", "enabled", "-1", "truee"])
def test_a_word_that_is_neither_is_refused(value: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="DEBUG"):
        Environment({"DEBUG": value}).flag("DEBUG")


def test_a_flag_that_is_on_unless_said_otherwise() -> None:
    assert Environment({}).flag("X", default=True) is True
    assert Environment({"X": "0"}).flag("X", default=True) is False


def test_numbers_stay_between_their_bounds() -> None:
    assert Environment({"PORT": "8080"}).number("PORT", 8000, least=1, most=65535) == 8080
    assert Environment({}).number("PORT", 8000) == 8000
    for value in ("0", "65536", "-1"):
        with pytest.raises(ImproperlyConfigured, match="PORT"):
            Environment({"PORT": value}).number("PORT", 8000, least=1, most=65535)
    for value in ("80.5", "http", "8_000", "٨٠"):
        with pytest.raises(ImproperlyConfigured, match="whole number"):
            Environment({"PORT": value}).number("PORT", 8000)


def test_lists_are_separated_by_commas() -> None:
    assert Environment({"ALLOWED_HOSTS": " a.fr, ,b.fr,"}).words("ALLOWED_HOSTS") == ["a.fr", "b.fr"]
    assert Environment({}).words("ALLOWED_HOSTS", ("c.fr",)) == ["c.fr"]


def test_a_url_of_another_kind_is_refused_without_showing_its_password() -> None:
    for value in (
        "mysql://mcm:motdepasse@db/mcm",
        "db:5432",
        "motdepasse",
        "postgresql://u:motdepasse@db:port/mcm",
    ):
        with pytest.raises(ImproperlyConfigured, match="DATABASE_URL") as refusal:
            Environment({"DATABASE_URL": value}).url("DATABASE_URL", None, schemes=POSTGRES)
        assert "motdepasse" not in str(refusal.value)


def test_an_unclosed_bracket_is_a_sentence_and_not_a_stack_trace() -> None:
    with pytest.raises(ImproperlyConfigured, match="DATABASE_URL"):
        Environment({"DATABASE_URL": "postgresql://[::1/mcm"}).url("DATABASE_URL", None, schemes=POSTGRES)


def test_an_optional_url_may_be_left_out() -> None:
    assert Environment({}).url("SMS_URL", "", schemes=("https",)) is None


def test_a_database_url_in_full() -> None:
    url = "postgresql://m%40cm:p%40ss%2Fw%3Ard@db.example.fr:6432/portail?sslmode=verify-full&application_name=a%20b"
    assert env.database(parts("DATABASE_URL", url, *POSTGRES)) == {
        "ENGINE": "mcm_portal.postgresql",
        "NAME": "portail",
        "USER": "m@cm",
        "PASSWORD": "p@ss/w:rd",
        "HOST": "db.example.fr",
        "PORT": "6432",
        "OPTIONS": {"sslmode": "verify-full", "application_name": "a b"},
    }


def test_a_database_on_a_unix_socket_or_an_ipv6_address() -> None:
    found = env.database(parts("DATABASE_URL", "postgresql:///mcm?host=/run/postgresql&port=5433", *POSTGRES))
    assert (found["HOST"], found["PORT"], found["OPTIONS"]) == ("/run/postgresql", "5433", {})
    found = env.database(parts("DATABASE_URL", "postgresql://[::1]:5432/mcm", *POSTGRES))
    assert (found["HOST"], found["PORT"]) == ("::1", "5432")


def test_a_database_url_without_a_name_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="name of a database"):
        env.database(parts("DATABASE_URL", "postgresql://db.example.fr/", *POSTGRES))


@pytest.mark.parametrize(
    ("url", "port", "ssl", "tls"),
    [
        ("smtp://mail.example.fr", 25, False, False),
        ("smtps://mail.example.fr", 465, True, False),
        ("smtp+tls://mail.example.fr", 587, False, True),
        ("smtp+tls://mail.example.fr:2525", 2525, False, True),
    ],
)
def test_a_mail_server_is_reached_as_its_scheme_says(url: str, port: int, ssl: bool, tls: bool) -> None:
    found = env.email(parts("EMAIL_URL", url, "smtp", "smtps", "smtp+tls"))
    assert found["EMAIL_PORT"] == port
    assert (found["EMAIL_USE_SSL"], found["EMAIL_USE_TLS"]) == (ssl, tls)
    assert (found["EMAIL_HOST_USER"], found["EMAIL_HOST_PASSWORD"]) == ("", "")


def test_a_mail_password_may_hold_any_character() -> None:
    found = env.email(parts("EMAIL_URL", "smtp://portail%40example.fr:p%40%2F%3A%23@mail.example.fr", "smtp"))
    assert found["EMAIL_HOST_USER"] == "portail@example.fr"
    assert found["EMAIL_HOST_PASSWORD"] == "p@/:#"


def test_a_mail_url_without_a_host_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="EMAIL_URL must name a host"):
        env.email(parts("EMAIL_URL", "smtp://", "smtp"))


def test_a_sharp_in_a_password_that_would_cut_the_url_is_refused() -> None:
    with pytest.raises(ImproperlyConfigured, match="%23") as refusal:
        parts("EMAIL_URL", "smtp://portail:mot#depasse@mail.example.fr", "smtp")
    assert "depasse" not in str(refusal.value)


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "::1", "192.168.1.20", "10.0.0.3", "poste.local"])
def test_this_machine_and_its_neighbours_are_local(host: str) -> None:
    assert env.is_local(host)


@pytest.mark.parametrize("host", ["mcm.example.fr", "8.8.8.8", "localhost.example.fr", "2001:4860::1", ""])
def test_every_other_host_is_public(host: str) -> None:
    assert not env.is_local(host)


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"DEBUG": "1", "SITE_URL": "https://mcm.example.fr"}, "DEBUG is for this machine"),
        ({"DEBUG": "0", "SITE_URL": "http://mcm.example.fr"}, "SITE_URL must begin with https://"),
    ],
)
def test_a_public_portal_has_neither_debug_nor_plain_http(changes: dict[str, str], sentence: str) -> None:
    settings = {"EMAIL_URL": "smtp://127.0.0.1", "DEFAULT_FROM_EMAIL": "a@example.fr", "ALLOWED_HOSTS": "x"}
    done = subprocess.run(
        [sys.executable, "-c", "import mcm_portal.settings"],
        env={**os.environ, **settings, **changes},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1 and sentence in done.stderr
