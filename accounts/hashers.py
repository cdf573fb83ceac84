"""How passwords are hashed (SAFETY G4, T21; DESIGN.md, « Passwords »)."""

from __future__ import annotations

import base64
import hmac
import os
import secrets
import threading
from collections.abc import Callable
from functools import partial

from argon2.low_level import Type, hash_secret_raw
from django.contrib.auth.hashers import Argon2PasswordHasher

from accounts.passwords import is_too_long, normalise


def _find_libsodium() -> Callable[[int, bytes, bytes, int, int], bytes] | None:
    """Return libsodium's Argon2id: length, secret, salt, passes, bytes of memory.

    ``None`` on a machine where it cannot be loaded: argon2-cffi makes the same hash there, more slowly.
    """
    try:
        from nacl.bindings import crypto_pwhash_alg, crypto_pwhash_ALG_ARGON2ID13
    except ImportError:
        return None
    return partial(crypto_pwhash_alg, alg=crypto_pwhash_ALG_ARGON2ID13)


by_libsodium = _find_libsodium()
_SALT_BYTES = 16  # libsodium takes exactly this many
_HASH_BYTES = 32
# A hash takes 19 MiB. More at once than there are cores would cost memory and gain no time.
_room = threading.BoundedSemaphore(len(os.sched_getaffinity(0)))


class Argon2idHasher(Argon2PasswordHasher):
    """Argon2id with the OWASP parameters m=19456 KiB, t=2, p=1, computed by libsodium, in the encoded
    form that argon2-cffi and Django read: ``argon2$argon2id$v=19$m=19456,t=2,p=1$salt$hash``.

    Passwords are put in NFKC first, as the policy does. One of more than 128 characters is never
    hashed: ``encode`` raises ValueError, ``verify`` says no, at the price of one hash like any other.
    """

    time_cost = 2
    memory_cost = 19_456  # KiB
    parallelism = 1

    def salt(self) -> str:
        # Django keeps salts as text: one character of Latin-1 for each byte.
        return secrets.token_bytes(_SALT_BYTES).decode("latin-1")

    def encode(self, password: str, salt: str) -> str:
        if is_too_long(password):
            raise ValueError("password longer than the policy allows")
        secret = normalise(password).encode()
        raw_salt = salt.encode("latin-1")
        digest = _argon2id(secret, raw_salt, time_cost=self.time_cost, memory_cost=self.memory_cost)
        return (
            f"{self.algorithm}$argon2id$v=19$m={self.memory_cost},t={self.time_cost},p={self.parallelism}"
            f"${_b64(raw_salt)}${_b64(digest)}"
        )

    def verify(self, password: str, encoded: str) -> bool:
        try:
            secret = b"" if is_too_long(password) else normalise(password).encode()
        except UnicodeEncodeError:  # half a surrogate pair: no stored password has one
            secret = b""
        known = self.decode(encoded)
        digest = _unb64(known["hash"])
        computed = _argon2id(
            secret,
            known["salt"].encode("latin-1"),
            time_cost=known["time_cost"],
            memory_cost=known["memory_cost"],
            parallelism=known["parallelism"],
            length=len(digest),
            variety=known["params"].type,
            version=known["version"],
        )
        return hmac.compare_digest(computed, digest) and bool(secret)

    def must_update(self, encoded: str) -> bool:
        known = self.decode(encoded)
        wanted = self.params()
        wanted.salt_len = known["params"].salt_len
        return known["params"] != wanted or len(known["salt"]) < _SALT_BYTES

    def harden_runtime(self, password: str, encoded: str) -> None:
        """A wrong password under older parameters costs what a right one does: that one is hashed anew."""
        spend_one_hash()


def spend_one_hash() -> None:
    """Spends the time of one password check, where there is nobody to check: an unknown name must not
    answer faster than a known one (SAFETY G2, T3)."""
    _argon2id(
        b"nobody",
        bytes(_SALT_BYTES),
        time_cost=Argon2idHasher.time_cost,
        memory_cost=Argon2idHasher.memory_cost,
    )


def _argon2id(
    secret: bytes,
    salt: bytes,
    *,
    time_cost: int,
    memory_cost: int,
    parallelism: int = 1,
    length: int = _HASH_BYTES,
    variety: Type = Type.ID,
    version: int = 19,
) -> bytes:
    """The raw hash, by libsodium when it can do these parameters, else by argon2-cffi.

    Both leave Python's lock while they compute, so that other threads go on.
    """
    with _room:
        if (
            by_libsodium is not None
            and (len(salt), parallelism, variety, version) == (_SALT_BYTES, 1, Type.ID, 19)
            and length >= _SALT_BYTES
        ):
            return by_libsodium(length, secret, salt, time_cost, memory_cost * 1024)
        return hash_secret_raw(secret, salt, time_cost, memory_cost, parallelism, length, variety, version)


def _b64(raw: bytes) -> str:
    return base64.b64encode(raw).rstrip(b"=").decode("ascii")


def _unb64(text: str) -> bytes:
    return base64.b64decode(text + "=" * (-len(text) % 4))
