"""What did not come from the académie's provider, or not for this, opens nothing (SAFETY G14, T41, T42).

A FAKE provider forges one thing at a time; the first test shows that with nothing forged it is believed.
Every check is the code that FranceConnect's door uses, where each has its own test.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from accounts.models import IdentityProvider, ProviderIdentity, User
from schools.models import StaffMember
from tests.guardians.franceconnect.fake_provider import CLIENT, SECRET, FakeForgingProvider

from .conftest import BACK, Teacher, question, trouble

Forge = Callable[[FakeForgingProvider], None]


def comes_back(teacher: Teacher, forger: FakeForgingProvider, **more: str) -> str:
    """Begin, and come back with what the provider makes of the question; return where that leads."""
    forger.question = question(teacher.begins())
    words = {"code": "un-code", "state": forger.question["state"], **more}
    return str(teacher.browser.get(BACK, words)["Location"])


def says(**claims: Any) -> Forge:
    """Return a forgery that changes what the id_token says."""
    return lambda forger: forger.proof.update(claims)


def signs(how: Callable[[FakeForgingProvider, dict[str, Any]], str]) -> Forge:
    """Return a forgery that signs the id_token in another way."""

    def forge(forger: FakeForgingProvider) -> None:
        forger.sign_proof = lambda claims: how(forger, claims)

    return forge


def _userinfo_of_somebody_else(forger: FakeForgingProvider) -> None:
    forger.said["sub"] = "b" * 66
    forger.userinfo_kind, forger.sign_said = "application/json", json.dumps


def _userinfo_unsigned_but_called_signed(forger: FakeForgingProvider) -> None:
    forger.sign_said = forger.unsigned


FORGERIES: dict[str, Forge] = {
    "another key": signs(lambda forger, claims: forger.signed(claims, key=forger.other_key)),
    "alg none": signs(lambda forger, claims: forger.unsigned(claims)),
    "HS256 with the public key": signs(lambda forger, claims: forger.signed_with_the_public_key(claims)),
    "HS256 with the client's secret": signs(
        lambda forger, claims: forger.signed(claims, key=SECRET.ljust(32, "."), alg="HS256")
    ),
    "a key it brings along": signs(
        lambda forger, claims: jwt.encode(
            claims,
            forger.other_key,
            algorithm="ES256",
            headers={"kid": "k1", "jwk": forger.public(forger.other_key, "k1")},
        )
    ),
    "an unknown key": signs(lambda forger, claims: forger.signed(claims, kid="k2")),
    "another issuer": says(iss="https://exemple.fr"),
    "another audience": says(aud="un-autre"),
    "two audiences": says(aud=[CLIENT, "un-autre"]),
    "another's question": says(azp="un-autre"),
    "expired": says(exp=int(time.time()) - 3600),
    "made long ago": says(iat=int(time.time()) - 7200, exp=int(time.time()) + 3600),
    "not valid yet": says(nbf=int(time.time()) + 3600),
    "no nonce": says(nonce=None),
    "another nonce": says(nonce="x" * 43),
    "another access token": says(at_hash="x" * 22),
    "nobody": says(sub=None),
    "userinfo about somebody else": _userinfo_of_somebody_else,
    "userinfo signed by nobody": _userinfo_unsigned_but_called_signed,
}


def test_an_honest_answer_is_believed(
    teacher: Teacher, forger: FakeForgingProvider, record: StaffMember
) -> None:
    where = comes_back(teacher, forger, iss=forger.issuer)
    assert "souci" not in where
    user = teacher.account()
    assert user is not None and user.staff_member == record
    (form,) = forger.forms
    assert "client_secret" not in form and len(form["code_verifier"]) >= 43  # the secret was in the header


def test_what_is_forged_opens_nothing(
    teacher: Teacher, forger: FakeForgingProvider, record: StaffMember
) -> None:
    before, honest = User.objects.count(), dict(vars(forger))
    for forgery, forge in FORGERIES.items():
        vars(forger).update({**honest, "proof": dict(honest["proof"]), "said": {}})
        victim = Teacher()
        forge(forger)
        assert comes_back(victim, forger) == trouble("verification"), forgery
        assert victim.account() is None, forgery
    assert User.objects.count() == before and not ProviderIdentity.objects.exists()


def test_an_answer_in_the_name_of_another_issuer_spends_no_code(
    teacher: Teacher, forger: FakeForgingProvider, record: StaffMember
) -> None:
    assert comes_back(teacher, forger, iss="https://exemple.fr") == trouble("verification")
    assert forger.forms == [] and teacher.account() is None


def test_plain_userinfo_about_the_same_person_may_name_her(
    teacher: Teacher, forger: FakeForgingProvider, record: StaffMember
) -> None:
    forger.proof["preferred_username"] = None
    forger.said["preferred_username"] = "CDubois"  # as the provider writes it
    forger.userinfo_kind, forger.sign_said = "application/json", json.dumps
    assert "souci" not in comes_back(teacher, forger)
    assert teacher.account() is not None


def test_an_identifier_that_is_none_is_nobody(
    teacher: Teacher, forger: FakeForgingProvider, record: StaffMember
) -> None:
    forger.said["preferred_username"] = None
    for claim in (None, "", "  ", 7, ["cdubois"], {"a": 1}, "x" * 61, "cdubois\x00"):
        forger.proof["preferred_username"] = claim
        assert comes_back(teacher, forger) == trouble("inconnu"), claim
    assert teacher.account() is None


@pytest.mark.parametrize(("bits", "believed"), [(2048, True), (1024, False)])
def test_a_key_of_rsa_is_long_enough(
    teacher: Teacher, forger: FakeForgingProvider, record: StaffMember, bits: int, believed: bool
) -> None:
    IdentityProvider.objects.update(algorithm="RS256")
    key = rsa.generate_private_key(public_exponent=65537, key_size=bits)
    public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key()))
    forger.published = [{**public, "kid": "rsa", "use": "sig"}]
    forger.sign_proof = forger.sign_said = lambda claims: forger.signed(
        claims, key=key, kid="rsa", alg="RS256"
    )
    assert (comes_back(teacher, forger) != trouble("verification")) is believed
    assert (teacher.account() is not None) is believed


def test_es256_where_rs256_was_agreed_is_refused(
    teacher: Teacher, forger: FakeForgingProvider, record: StaffMember
) -> None:
    IdentityProvider.objects.update(algorithm="RS256")
    assert comes_back(teacher, forger) == trouble("verification") and teacher.account() is None
