"""What the tests talk to is fetched as it was locked, and named without any host."""

from __future__ import annotations

import json
import subprocess

import pytest

from mcm_portal.embedded import peers
from mcm_portal.embedded.processes import Trouble


def test_the_lock_names_no_host_and_has_a_hash_for_each_package() -> None:
    text = (peers.SOURCE / "package-lock.json").read_text()
    assert "://" not in text
    packages = {name: package for name, package in json.loads(text)["packages"].items() if name}
    assert packages and all(package["integrity"].startswith("sha512-") for package in packages.values())


def test_what_was_fetched_is_there_and_is_not_fetched_again(monkeypatch: pytest.MonkeyPatch) -> None:
    folder = peers.find_or_fetch()
    assert (folder / "node_modules" / "oidc-provider").is_dir()

    def fetch(*words: object, **named: object) -> None:
        raise AssertionError("fetched again")

    monkeypatch.setattr(peers, "_npm", fetch)
    assert peers.find_or_fetch() == folder


def test_a_registry_that_cannot_be_reached_is_told_in_a_sentence(
    tmp_path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(peers, "PLACE", tmp_path / "peers")
    monkeypatch.setattr(peers, "SOURCE", tmp_path / "source")
    (tmp_path / "source").mkdir()
    for name in peers.LISTS:
        (tmp_path / "source" / name).write_text("{}")
    failed = subprocess.CompletedProcess([], 1, stdout="", stderr="npm error code ENOTFOUND")
    monkeypatch.setattr(peers, "_npm", lambda *words, **named: failed)
    with pytest.raises(Trouble, match=r"ENOTFOUND\n.*could not be reached, run the same command again"):
        peers.find_or_fetch()
    assert not (tmp_path / "peers" / "complete").exists()
