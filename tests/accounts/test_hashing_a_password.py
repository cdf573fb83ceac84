"""How a password is kept (SAFETY G4, T3, T21)."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import argon2
import pytest
from django.contrib.auth.hashers import check_password, identify_hasher, make_password
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts import hashers
from accounts.hashers import Argon2idHasher, spend_one_hash
from accounts.passwords import normalise
from tests import corpus

pytestmark = pytest.mark.real_hash
PASSWORD = "tZ7#kqpL é µ 😀"
hasher = Argon2idHasher()


@pytest.fixture
def hashes_spent(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[dict[str, int]]]:
    """The parameters of each hash computed, and how many bytes it was computed of."""
    spent: list[dict[str, int]] = []
    compute: Callable[..., bytes] = hashers._argon2id

    def count(secret: bytes, salt: bytes, **parameters: int) -> bytes:
        spent.append({"secret": len(secret), **parameters})
        return compute(secret, salt, **parameters)

    monkeypatch.setattr(hashers, "_argon2id", count)
    yield spent


@pytest.fixture
def without_libsodium(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashers, "by_libsodium", None)


def test_the_portal_hashes_with_the_owasp_parameters() -> None:
    encoded = make_password(PASSWORD)
    assert encoded.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert isinstance(identify_hasher(encoded), Argon2idHasher)
    assert check_password(PASSWORD, encoded)
    assert not check_password(PASSWORD + "x", encoded)


def test_the_same_password_never_gives_the_same_hash() -> None:
    assert make_password(PASSWORD) != make_password(PASSWORD)


def test_libsodium_computes_the_hashes() -> None:
    assert hashers.by_libsodium is not None


def test_argon2_cffi_reads_what_libsodium_wrote() -> None:
    encoded = hasher.encode(PASSWORD, hasher.salt())
    assert argon2.PasswordHasher().verify(encoded.removeprefix("argon2"), normalise(PASSWORD))


def test_both_libraries_write_the_same_string() -> None:
    salt = "é" * 16
    theirs = argon2.low_level.hash_secret(
        normalise(PASSWORD).encode(),
        salt.encode("latin-1"),
        time_cost=2,
        memory_cost=19_456,
        parallelism=1,
        hash_len=32,
        type=argon2.Type.ID,
    )
    assert hasher.encode(PASSWORD, salt) == "argon2" + theirs.decode("ascii")


def test_without_libsodium_the_same_string_comes_from_argon2_cffi(request: pytest.FixtureRequest) -> None:
    salt = "0123456789abcdef"
    encoded = hasher.encode(PASSWORD, salt)
    request.getfixturevalue("without_libsodium")
    assert hasher.encode(PASSWORD, salt) == encoded
    assert hasher.verify(PASSWORD, encoded)
    assert not hasher.verify("autre", encoded)


def test_a_hash_that_django_made_is_read_and_renewed() -> None:
    class Older(Argon2idHasher.__mro__[1]):
        time_cost, memory_cost, parallelism = 1, 1024, 2

    encoded = Older().encode("tZ7#kqpL", "salt-of-22-characters-")
    assert hasher.verify("tZ7#kqpL", encoded)
    assert not hasher.verify("tZ7#kqpl", encoded)
    assert hasher.must_update(encoded)


@pytest.mark.parametrize(("parameter", "value"), [("time_cost", 3), ("memory_cost", 20_000)])
def test_a_hash_of_other_parameters_is_renewed_at_the_next_sign_in(
    monkeypatch: pytest.MonkeyPatch, parameter: str, value: int
) -> None:
    encoded = hasher.encode(PASSWORD, hasher.salt())
    assert not hasher.must_update(encoded)
    monkeypatch.setattr(Argon2idHasher, parameter, value)
    assert hasher.must_update(encoded)
    renewed: list[str] = []
    assert check_password(PASSWORD, encoded, setter=renewed.append)
    assert renewed == [PASSWORD]


def test_two_ways_to_type_the_same_letter_open_the_same_account() -> None:
    encoded = make_password("\u00b5tZ7#kqpLe\u0301")
    assert check_password("\u03bctZ7#kqpLé", encoded)


def test_character_73_counts() -> None:
    encoded = make_password("a" * 72 + "b")
    assert not check_password("a" * 72 + "c", encoded)


def test_a_password_of_128_characters_is_hashed_and_a_longer_one_never(
    hashes_spent: list[dict[str, int]],
) -> None:
    make_password("é" * 128)
    with pytest.raises(ValueError, match="longer"):
        make_password("é" * 129)
    with pytest.raises(ValueError, match="longer"):
        make_password("\ufdfa" * 8)
    assert [spent["secret"] for spent in hashes_spent] == [2 * 128]


@pytest.mark.parametrize(
    "typed", [PASSWORD, "autre", "a" * 600, "a" + "\u0301\u0316" * 100_000, "\ud800", ""]
)
def test_every_check_costs_one_hash_whatever_is_typed(hashes_spent: list[dict[str, int]], typed: str) -> None:
    encoded = make_password(PASSWORD)
    hashes_spent.clear()
    assert check_password(typed, encoded) is (typed == PASSWORD)
    assert len(hashes_spent) == 1
    assert hashes_spent[0]["secret"] <= 4 * 128


@pytest.mark.parametrize("typed", ["", "a" * 129, "\ud800"])
def test_what_is_never_hashed_opens_nothing_not_even_an_empty_password(typed: str) -> None:
    assert not hasher.verify(typed, hasher.encode("", hasher.salt()))


def test_a_check_for_nobody_costs_what_a_check_for_somebody_does(
    hashes_spent: list[dict[str, int]],
) -> None:
    spend_one_hash()
    hasher.verify("autre", make_password(PASSWORD))
    nobody, _made, somebody = hashes_spent
    assert (nobody["time_cost"], nobody["memory_cost"]) == (somebody["time_cost"], somebody["memory_cost"])


def test_a_wrong_password_for_an_older_hash_costs_what_a_right_one_does(
    monkeypatch: pytest.MonkeyPatch, hashes_spent: list[dict[str, int]]
) -> None:
    with monkeypatch.context() as formerly:
        formerly.setattr(Argon2idHasher, "time_cost", 1)
        encoded = make_password(PASSWORD)

    def costs_of(typed: str) -> list[object]:
        hashes_spent.clear()
        check_password(typed, encoded, setter=make_password)
        return [spent["time_cost"] for spent in hashes_spent]

    assert costs_of("autre") == costs_of(PASSWORD) == [1, 2]


def test_no_more_hashes_run_at_once_than_there_is_room_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hashers, "_room", threading.BoundedSemaphore(2))
    running, most, lock = 0, 0, threading.Lock()

    def compute(*_arguments: object) -> bytes:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        threading.Event().wait(0.01)
        with lock:
            running -= 1
        return bytes(32)

    monkeypatch.setattr(hashers, "by_libsodium", compute)
    threads = [threading.Thread(target=spend_one_hash) for _person in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 2


@settings(derandomize=True, deadline=None, max_examples=25)
@given(st.text(min_size=1, max_size=64))
def test_any_text_opens_with_itself_and_with_nothing_else(password: str) -> None:
    encoded = hasher.encode(password, hasher.salt())
    assert hasher.verify(password, encoded)
    assert not hasher.verify(password + "x", encoded)


def test_a_naughty_password_is_checked_without_an_error() -> None:
    encoded = make_password(PASSWORD)
    for typed in (*corpus.CONTROLS, *corpus.SURROGATES, *corpus.LONG, *corpus.EMOJI):
        assert not check_password(typed, encoded)
