"""The portal's Argon2 parameters, computed by the usual library."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class SameArgon2(Argon2PasswordHasher):
    """Argon2id, 19 MiB, two passes (OWASP)."""

    time_cost = 2
    memory_cost = 19456
    parallelism = 1
