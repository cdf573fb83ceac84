"""What did not come from FranceConnect, or not for this, makes nobody known (SAFETY G14, T41, T42).

A FAKE provider forges one thing at a time; the first test shows that with nothing forged it is believed.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import jwt
import pytest
import time_machine

from accounts import calling
from guardians.models import FranceConnectVisit

from .conftest import IDENTITY, Guardian, question, trouble
from .fake_provider import CLIENT, SECRET, FakeForgingProvider

pytestmark = pytest.mark.django_db
NOT_VERIFIED = trouble("verification")


def comes_back(guardian: Guardian, forger: FakeForgingProvider, **more: str) -> str:
    """Begin, and come back with what the provider makes of the question; return where that leads."""
    forger.question = question(guardian.begins())
    words = {"code": "un-code", "state": forger.question["state"], **more}
    return str(guardian.browser.get("/responsables/franceconnect/retour/", words)["Location"])


def is_refused(
    guardian: Guardian, forger: FakeForgingProvider, kind: str = NOT_VERIFIED, **more: str
) -> bool:
    """Say whether coming back ends on a page of trouble, with nobody known and nothing kept."""
    where = comes_back(guardian, forger, **more)
    assert guardian.is_known_as() is None
    assert not FranceConnectVisit.objects.exclude(arrived_at=None).exists()
    return where == kind


@pytest.fixture
def refused(guardian: Guardian, forger: FakeForgingProvider) -> Callable[..., bool]:
    """Ask :func:`is_refused` of the guardian and the forger of this test."""
    return lambda **more: is_refused(guardian, forger, **more)


def test_an_honest_answer_is_believed(guardian: Guardian, forger: FakeForgingProvider) -> None:
    assert comes_back(guardian, forger, iss=forger.issuer) == IDENTITY
    who = guardian.is_known_as()
    assert who is not None and who.family_name == "LÉGER"
    (form,) = forger.forms
    assert form["client_secret"] == SECRET and form["code"] == "un-code"
    assert form["grant_type"] == "authorization_code" and len(form["code_verifier"]) >= 43


@pytest.mark.parametrize("minutes", [-10, 10])
def test_a_clock_that_is_ten_minutes_off_refuses_nobody(
    guardian: Guardian, forger: FakeForgingProvider, minutes: int
) -> None:
    now = int(time.time())
    times = {"iat": now, "exp": now + 60}
    forger.proof |= times
    forger.said |= times
    with time_machine.travel(now + 60 * minutes):  # this machine's clock, not PostgreSQL's
        assert comes_back(guardian, forger) == IDENTITY
        assert guardian.is_known_as() is not None


class TestTheIdToken:
    def test_signed_by_another_key(self, forger: FakeForgingProvider, refused: Any) -> None:
        forger.sign_proof = lambda claims: forger.signed(claims, key=forger.other_key)
        assert refused()

    def test_with_one_letter_changed(self, forger: FakeForgingProvider, refused: Any) -> None:
        def change(claims: dict[str, Any]) -> str:
            head, body, seal = forger.signed(claims).split(".")
            other = forger.signed({**claims, "sub": "b" * 66}).split(".")[1]
            assert other != body
            return f"{head}.{other}.{seal}"

        forger.sign_proof = change
        assert refused()

    def test_not_signed_at_all(self, forger: FakeForgingProvider, refused: Any) -> None:
        forger.sign_proof = forger.unsigned
        assert refused()

    def test_signed_with_the_public_key_as_a_secret(self, forger: FakeForgingProvider, refused: Any) -> None:
        forger.sign_proof = forger.signed_with_the_public_key
        assert refused()

    def test_signed_with_the_clients_own_secret(self, forger: FakeForgingProvider, refused: Any) -> None:
        forger.sign_proof = lambda claims: forger.signed(claims, key=SECRET.ljust(32, "."), alg="HS256")
        assert refused()

    def test_signed_in_an_algorithm_that_was_not_agreed(
        self, forger: FakeForgingProvider, refused: Any
    ) -> None:
        public = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(forger.rsa_key.public_key()))
        forger.published.insert(0, {**public, "kid": "rsa", "use": "sig", "alg": "RS256"})
        forger.sign_proof = lambda claims: forger.signed(claims, key=forger.rsa_key, kid="rsa", alg="RS256")
        assert refused()

    def test_bringing_its_own_key_along(self, forger: FakeForgingProvider, refused: Any) -> None:
        own = forger.public(forger.other_key, "k1")
        forger.sign_proof = lambda claims: jwt.encode(
            claims, forger.other_key, algorithm="ES256", headers={"kid": "k1", "jwk": own, "jku": "http://x/"}
        )
        assert refused()

    @pytest.mark.parametrize("issuer", [None, "", "https://exemple.fr/api/v2", ["x"], 1])
    def test_of_another_issuer(self, forger: FakeForgingProvider, refused: Any, issuer: Any) -> None:
        forger.proof["iss"] = issuer
        assert refused()

    @pytest.mark.parametrize(
        "audience", [None, "un-autre", [], ["un-autre"], [CLIENT, "un-autre"], {CLIENT: 1}]
    )
    def test_for_another_client(self, forger: FakeForgingProvider, refused: Any, audience: Any) -> None:
        forger.proof["aud"] = audience
        assert refused()

    def test_that_another_client_asked_for(self, forger: FakeForgingProvider, refused: Any) -> None:
        forger.proof["azp"] = "un-autre"
        assert refused()

    @pytest.mark.parametrize("ago", [31, 3600])
    def test_that_has_expired(self, forger: FakeForgingProvider, refused: Any, ago: int) -> None:
        forger.proof["exp"] = int(time.time()) - ago - 1
        assert refused()

    @pytest.mark.parametrize("name", ["exp", "iat"])
    @pytest.mark.parametrize("value", [None, "demain", True, [1]])
    def test_without_its_times(
        self, forger: FakeForgingProvider, refused: Any, name: str, value: Any
    ) -> None:
        forger.proof[name] = value
        assert refused()

    @pytest.mark.parametrize("name", ["iat", "nbf"])
    def test_that_is_not_valid_yet(self, forger: FakeForgingProvider, refused: Any, name: str) -> None:
        forger.proof[name] = int(time.time()) + 90
        forger.proof["exp"] = int(time.time()) + 300
        assert refused()

    def test_made_long_ago(self, forger: FakeForgingProvider, refused: Any) -> None:
        forger.proof |= {"iat": int(time.time()) - 3600, "exp": int(time.time()) + 3600}
        assert refused()

    @pytest.mark.parametrize("nonce", ["", "x" * 43, 1, ["é"], "é"])
    def test_in_answer_to_another_question(
        self, forger: FakeForgingProvider, refused: Any, nonce: Any
    ) -> None:
        forger.proof["nonce"] = nonce
        assert refused()

    def test_in_answer_to_no_question(self, forger: FakeForgingProvider, refused: Any) -> None:
        forger.proof["nonce"] = None
        assert refused()

    @pytest.mark.parametrize("value", ["", "x" * 22, 1, []])
    def test_about_another_access_token(self, forger: FakeForgingProvider, refused: Any, value: Any) -> None:
        forger.proof["at_hash"] = value
        assert refused()

    @pytest.mark.parametrize("acr", [None, "", "eidas0", "EIDAS1", "1", 1, ["eidas1"]])
    def test_of_too_low_a_level(self, forger: FakeForgingProvider, refused: Any, acr: Any) -> None:
        forger.proof["acr"] = acr
        assert refused()

    @pytest.mark.parametrize("sub", [None, "", 7, "x" * 256])
    def test_about_nobody(self, forger: FakeForgingProvider, refused: Any, sub: Any) -> None:
        forger.proof["sub"] = forger.said["sub"] = sub
        assert refused()

    @pytest.mark.parametrize("token", ["", "a.b", "a.b.c", "....", "é.é.é", "x" * 20_000])
    def test_that_is_none(self, forger: FakeForgingProvider, refused: Any, token: str) -> None:
        forger.sign_proof = lambda claims: token
        assert refused()


class TestTheKeys:
    def test_a_key_that_nobody_knows_is_asked_for_once_more_and_only_once(
        self, guardian: Guardian, forger: FakeForgingProvider, refused: Any
    ) -> None:
        comes_back(guardian, forger)
        assert forger.asked["/jwks"] == 1
        forger.sign_proof = lambda claims: forger.signed(claims, kid="k2")
        assert refused()
        assert forger.asked["/jwks"] == 2

    def test_a_new_key_is_found(self, guardian: Guardian, forger: FakeForgingProvider) -> None:
        comes_back(guardian, forger)
        forger.published = [forger.public(forger.other_key, "k2")]
        forger.sign_proof = forger.sign_said = lambda claims: forger.signed(
            claims, key=forger.other_key, kid="k2"
        )
        assert comes_back(guardian, forger) == IDENTITY
        assert forger.asked["/jwks"] == 2

    def test_keys_and_addresses_are_asked_for_once_in_an_hour(
        self, guardian: Guardian, forger: FakeForgingProvider
    ) -> None:
        for _ in range(3):
            assert comes_back(guardian, forger) == IDENTITY
        assert forger.asked["/jwks"] == forger.asked["/.well-known/openid-configuration"] == 1

    def test_of_a_thousand_keys_a_few_are_looked_at(self, forger: FakeForgingProvider, refused: Any) -> None:
        one = forger.public(forger.other_key, "")
        others = [{**one, "kid": f"x{number}"} for number in range(300)]
        forger.published = [*others, *forger.published]
        assert refused()

    @pytest.mark.parametrize("keys", [[], [1], [{}], [{"kid": 1}], {"kid": "k1"}, None])
    def test_keys_that_are_none(self, forger: FakeForgingProvider, refused: Any, keys: Any) -> None:
        forger.published = keys
        assert refused()


class TestUserinfo:
    def test_about_somebody_else(self, forger: FakeForgingProvider, refused: Any) -> None:
        forger.said["sub"] = "b" * 66
        assert refused()

    def test_not_signed(self, forger: FakeForgingProvider, refused: Any) -> None:
        forger.userinfo_kind, forger.sign_said = "application/json", json.dumps
        assert refused()

    def test_signed_but_not_called_so(self, forger: FakeForgingProvider, refused: Any) -> None:
        forger.userinfo_kind = "application/json"
        assert refused()

    def test_not_signed_but_called_signed(self, forger: FakeForgingProvider, refused: Any) -> None:
        forger.sign_said = json.dumps
        assert refused()

    def test_signed_by_nobody(self, forger: FakeForgingProvider, refused: Any) -> None:
        forger.sign_said = forger.unsigned
        assert refused()

    def test_signed_by_another_key(self, forger: FakeForgingProvider, refused: Any) -> None:
        forger.sign_said = lambda claims: forger.signed(claims, key=forger.other_key)
        assert refused()

    def test_signed_with_the_public_key_as_a_secret(self, forger: FakeForgingProvider, refused: Any) -> None:
        forger.sign_said = forger.signed_with_the_public_key
        assert refused()

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("iss", None),
            ("iss", "https://exemple.fr"),
            ("aud", None),
            ("aud", "un-autre"),
            ("exp", 1),
            ("iat", 1),
        ],
    )
    def test_said_by_or_to_another_or_long_ago(
        self, forger: FakeForgingProvider, refused: Any, name: str, value: Any
    ) -> None:
        forger.said[name] = value
        assert refused()

    def test_that_is_the_id_token_again(self, forger: FakeForgingProvider, refused: Any) -> None:
        forger.sign_said = lambda claims: forger.signed(forger.honest_proof())
        assert refused()

    @pytest.mark.parametrize("name", ["family_name", "given_name"])
    @pytest.mark.parametrize("value", [None, "", "  ", 7, ["A"], "A\x00B", "A\u202eB", "A" * 300])
    def test_of_somebody_without_a_name(
        self, forger: FakeForgingProvider, refused: Any, name: str, value: Any
    ) -> None:
        forger.said[name] = value
        assert refused()

    @pytest.mark.parametrize("value", ["demain", "1985-13-01", "85-01-01", 1985, None, "1985-07-14T00:00"])
    def test_of_somebody_whose_birth_date_is_none_counts_as_not_said(
        self, guardian: Guardian, forger: FakeForgingProvider, value: Any
    ) -> None:
        forger.said |= {"birthdate": value, "gender": value}
        assert comes_back(guardian, forger) == IDENTITY
        who = guardian.is_known_as()
        assert who is not None and (who.birthdate, who.gender) == ("", "")


class TestTheWayBack:
    def test_a_state_of_another_browser_changes_nothing_there(
        self, guardian: Guardian, forger: FakeForgingProvider, db: None
    ) -> None:
        forger.question = question(guardian.begins())
        attacked = Guardian()
        attacked.begins()
        words = {"code": "un-code", "state": forger.question["state"]}
        response = attacked.browser.get("/responsables/franceconnect/retour/", words)
        assert response["Location"] == trouble("autre-navigateur")
        assert attacked.is_known_as() is None and forger.forms == []
        # And the one whose it was still gets in.
        assert guardian.browser.get("/responsables/franceconnect/retour/", words)["Location"] == IDENTITY

    def test_a_code_is_never_sent_twice(self, guardian: Guardian, forger: FakeForgingProvider) -> None:
        forger.token_status = 400
        assert is_refused(guardian, forger)
        forger.token_status = 200
        words = {"code": "un-code", "state": forger.question["state"]}
        again = guardian.browser.get("/responsables/franceconnect/retour/", words)
        assert again["Location"] == trouble("deja-servi")
        assert len(forger.forms) == 1

    def test_an_answer_in_the_name_of_another_issuer(self, forger: FakeForgingProvider, refused: Any) -> None:
        assert refused(iss="https://exemple.fr/api/v2")
        assert forger.forms == []

    def test_an_answer_without_a_code(self, forger: FakeForgingProvider, refused: Any) -> None:
        assert refused(code="")
        assert forger.forms == []

    @pytest.mark.parametrize(
        ("error", "kind"),
        [
            ("access_denied", "refus"),
            ("temporarily_unavailable", "indisponible"),
            ("server_error", "indisponible"),
            ("invalid_request", "verification"),
            ("<script>", "verification"),
        ],
    )
    def test_an_error_ends_the_visit_whatever_code_comes_with_it(
        self, forger: FakeForgingProvider, refused: Any, error: str, kind: str
    ) -> None:
        assert refused(error=error, kind=trouble(kind))
        assert forger.forms == []

    def test_an_address_that_comes_with_it_is_not_even_kept(
        self, guardian: Guardian, forger: FakeForgingProvider
    ) -> None:
        forger.proof["email"] = forger.said["email"] = "victime@exemple.fr"
        forger.said["email_verified"] = True
        assert comes_back(guardian, forger) == IDENTITY
        who = guardian.is_known_as()
        assert who is not None and "victime" not in str(who.as_json() | {"id_token": ""})


class TestNonsense:
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"null",
            b"[]",
            b"{",
            b'{"access_token": 1, "id_token": 2}',
            b"[" * 100_000,
            b"\xff",
            b" " * 200_000,
        ],
    )
    def test_tokens_that_are_none(self, forger: FakeForgingProvider, refused: Any, body: bytes) -> None:
        forger.instead["/token"] = body
        assert refused()

    @pytest.mark.parametrize("access", ["a\r\nX: y", "é", "", "a\x00"])
    def test_an_access_token_that_would_break_a_header(
        self, forger: FakeForgingProvider, refused: Any, access: str
    ) -> None:
        forger.access = access
        assert refused()
        assert forger.asked["/userinfo"] == 0

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("issuer", "https://exemple.fr/api/v2"),
            ("authorization_endpoint", "https://exemple.fr/authorize"),
            ("token_endpoint", "http://127.0.0.1:1/token"),
            ("userinfo_endpoint", "javascript:alert(1)"),
            ("jwks_uri", None),
            ("end_session_endpoint", "http://[::1"),
        ],
    )
    def test_addresses_elsewhere_lead_nobody_there(
        self, guardian: Guardian, forger: FakeForgingProvider, name: str, value: Any
    ) -> None:
        path = "/.well-known/openid-configuration"
        document = json.loads(forger.answer(path)[2]) | {name: value}
        forger.instead[path] = json.dumps(document).encode()
        assert guardian.begins() == NOT_VERIFIED
        assert not FranceConnectVisit.objects.exists()

    def test_an_answer_that_drips_is_cut(
        self, guardian: Guardian, forger: FakeForgingProvider, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        guardian.begins()
        monkeypatch.setattr(calling, "PATIENCE", 0.4)
        forger.drip = 0.05  # each byte comes long before a socket would give up waiting for it
        assert is_refused(guardian, forger, trouble("indisponible"))

    def test_redirects_are_not_followed(self, guardian: Guardian, forger: FakeForgingProvider) -> None:
        forger.token_status = 307
        assert is_refused(guardian, forger)
        assert len(forger.forms) == 1

    def test_a_server_that_is_ill_is_one_to_wait_for(
        self, guardian: Guardian, forger: FakeForgingProvider
    ) -> None:
        forger.token_status = 503
        assert is_refused(guardian, forger, trouble("indisponible"))
