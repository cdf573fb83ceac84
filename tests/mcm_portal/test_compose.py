"""docker-compose.yml is well-formed and sets only what the portal reads."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import psycopg2
import pytest
import yaml

from benchmarks.private_postgres import PrivatePostgres
from mcm_portal.embedded import gate

from .embedded_portal import environment

PROJECT = Path(__file__).resolve().parents[2]
SCHEMA = Path(__file__).with_name("compose_schema") / "compose-spec.json"
PORTAL = ("migrate", "web", "worker", "beat")
READ_BY_SETTINGS = set(
    re.findall(r'environment\.\w+\(\s*"([A-Z_]+)"', (PROJECT / "mcm_portal" / "settings.py").read_text())
)
# Read by the command line around the settings.
READ_ELSEWHERE = {"DATABASE_OWNER_URL"}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """Return docker-compose.yml, its anchors resolved."""
    return yaml.safe_load((PROJECT / "docker-compose.yml").read_text())


def test_the_file_follows_the_compose_specification(compose: dict[str, Any]) -> None:
    jsonschema.Draft201909Validator(json.loads(SCHEMA.read_text())).validate(compose)


def test_web_worker_and_beat_are_one_image(compose: dict[str, Any]) -> None:
    portal = [compose["services"][name] for name in PORTAL]
    assert {service["image"] for service in portal} == {"mcm-portal"}
    assert all((PROJECT / service["build"]["dockerfile"]).is_file() for service in portal)
    known = (PROJECT / "deploy" / "entrypoint.sh").read_text()
    assert all(f"\n{service['command'][0]})" in known for service in portal)


def test_every_variable_set_is_one_that_the_settings_read(compose: dict[str, Any]) -> None:
    for name in PORTAL:
        assert set(compose["services"][name]["environment"]) <= READ_BY_SETTINGS | READ_ELSEWHERE


def test_what_the_settings_require_is_set(compose: dict[str, Any]) -> None:
    required = {"SECRET_KEY", "LINK_KEY", "SITE_URL", "DATABASE_URL", "REDIS_URL", "EMAIL_URL"}
    assert required <= set(compose["services"]["web"]["environment"])


def test_every_lasting_service_says_how_it_feels_and_waits_for_what_it_needs(
    compose: dict[str, Any],
) -> None:
    services = compose["services"]
    for name, service in services.items():
        assert ("healthcheck" in service) == (name != "migrate"), name
        for needed, how in service.get("depends_on", {}).items():
            assert needed in services
            assert how["condition"] == "service_healthy" or needed == "migrate"


def test_only_the_migration_knows_the_owner_of_the_database(compose: dict[str, Any]) -> None:
    def role(name: str, service: str) -> str:
        # What stands when .env sets neither of the two.
        written = compose["services"][service]["environment"][name]
        (said,) = re.findall(r"postgresql://(\w+):", written)
        return str(said)

    assert (
        role("DATABASE_OWNER_URL", "migrate")
        == compose["services"]["database"]["environment"]["POSTGRES_USER"]
    )
    for service in ("web", "worker", "beat"):
        assert "DATABASE_OWNER_URL" not in compose["services"][service]["environment"]
        assert role("DATABASE_URL", service) == "mcm_app"
    # A DATABASE_URL of one's own, and no owner: one role for both, and never the owner of another server.
    assert (
        "${DATABASE_OWNER_URL:-${DATABASE_URL:-"
        in compose["services"]["migrate"]["environment"]["DATABASE_OWNER_URL"]
    )


def test_only_the_worker_knows_the_key_of_the_journals_seals(compose: dict[str, Any]) -> None:
    knows = [name for name in PORTAL if "AUDIT_PSEUDONYM_KEY" in compose["services"][name]["environment"]]
    assert knows == ["worker"]


def test_data_are_kept_in_named_volumes(compose: dict[str, Any]) -> None:
    mounted = {
        mount.split(":")[0]
        for service in compose["services"].values()
        for mount in service.get("volumes", [])
    }
    assert mounted == set(compose["volumes"])


def test_only_this_machine_reaches_the_published_ports(compose: dict[str, Any]) -> None:
    for service in compose["services"].values():
        assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


def test_the_database_is_made_as_the_embedded_one(compose: dict[str, Any]) -> None:
    words = compose["services"]["database"]["environment"]["POSTGRES_INITDB_ARGS"]
    assert shlex.split(words) == ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--encoding=UTF8"]


def test_the_broker_never_evicts_a_task(compose: dict[str, Any]) -> None:
    assert "--maxmemory-policy noeviction" in compose["services"]["broker"]["command"]
    assert "--appendonly yes" in compose["services"]["broker"]["command"]


def test_the_image_holds_every_app_and_no_secret() -> None:
    kept = (PROJECT / "deploy" / "Dockerfile.dockerignore").read_text().split()
    contract = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]["importlinter"]
    apps = {path.parent.name for path in PROJECT.glob("*/apps.py")} | set(contract["root_packages"])
    assert {f"!{app}" for app in apps} | {"!locale", "!templates", "!static"} <= set(kept)
    assert "deploy/*.env" in kept


def test_the_entry_script_is_understood_by_a_plain_shell() -> None:
    subprocess.run(["sh", "-n", PROJECT / "deploy" / "entrypoint.sh"], check=True)


@pytest.mark.long
def test_the_migration_of_the_containers_makes_the_lesser_role_and_leaves_the_rest_to_it(
    postgres: PrivatePostgres,
) -> None:
    """On a server whose first user is a superuser, as that of the image."""
    given = {
        "DEBUG": "1",
        "SITE_URL": "http://localhost:8000",
        "SECRET_KEY": "x",
        "LINK_KEY": "y",
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "DATABASE_URL": postgres.url.replace("//mcm@", "//mcm_app:a-password@"),
        "DATABASE_OWNER_URL": postgres.url,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    }
    for _deployment in ("first", "second"):
        done = subprocess.run(
            ["sh", "deploy/entrypoint.sh", "migrate"],
            cwd=PROJECT,
            env=environment(**given),
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr
    with contextlib.closing(psycopg2.connect(given["DATABASE_URL"])) as portal:
        cursor = portal.cursor()
        cursor.execute(
            "SELECT rolsuper, EXISTS (SELECT FROM schools_academy) FROM pg_roles WHERE rolname = current_user"
        )
        assert cursor.fetchone() == (False, True)
        with pytest.raises(psycopg2.errors.InsufficientPrivilege):
            cursor.execute("DELETE FROM audit_record")


def test_the_documented_production_settings_are_ones_that_the_settings_read() -> None:
    assert set(gate.production_settings()) <= READ_BY_SETTINGS


def test_a_test_run_forgets_every_setting_of_the_developer() -> None:
    assert set(gate.SETTINGS) >= READ_BY_SETTINGS
