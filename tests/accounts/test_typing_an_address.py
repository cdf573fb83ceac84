"""A person types a mail address (SCREENS A8, SAFETY T28, T37 and section 3)."""

from __future__ import annotations

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.addresses import clean_address, did_you_mean, mailbox_key
from tests import corpus


def _refusal(typed: str) -> str:
    with pytest.raises(ValidationError) as refused:
        clean_address(typed)
    assert len(refused.value.messages) == 1
    assert refused.value.code
    return refused.value.code


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("marie.dupont@example.org", "marie.dupont@example.org"),
        ("  Marie.DUPONT@Example.ORG\t", "marie.dupont@example.org"),
        ("marie+cned@example.org", "marie+cned@example.org"),
        ("o'neil@example.org", "o'neil@example.org"),
        ("jean-luc_2@ac-normandie.fr", "jean-luc_2@ac-normandie.fr"),
        ("marie@académie.fr", "marie@xn--acadmie-eya.fr"),
        ("marie@XN--ACADMIE-EYA.fr", "marie@xn--acadmie-eya.fr"),
        ("marie@acade\u0301mie.fr", "marie@xn--acadmie-eya.fr"),
        ("marie@ｅxample.org", "marie@example.org"),
        ("a" * 64 + "@example.org", "a" * 64 + "@example.org"),
    ],
)
def test_an_address_has_one_form(typed: str, kept: str) -> None:
    assert clean_address(typed) == kept


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("", "required"),
        (" \u00a0", "required"),
        ("marie", "invalid"),
        ("marie@", "invalid"),
        ("@example.org", "invalid"),
        ("marie@example", "invalid"),
        ("marie@localhost", "invalid"),
        ("marie@example..org", "invalid"),
        ("marie.@example.org", "invalid"),
        (".marie@example.org", "invalid"),
        ("ma..rie@example.org", "invalid"),
        ("marie dupont@example.org", "invalid"),
        ("marie@example.org, jean@example.org", "invalid"),
        ("Marie <marie@example.org>", "invalid"),
        ('"marie"@example.org', "invalid"),
        ('"ma rie"@example.org', "invalid"),
        ("marie@[127.0.0.1]", "invalid"),
        ("marie@127.0.0.1", "invalid"),
        ("marie(moi)@example.org", "invalid"),
        ("a" * 65 + "@example.org", "invalid"),
        ("marie@" + "a" * 64 + ".org", "invalid"),
        ("marie@-example.org", "invalid"),
        ("marie@exam_ple.org", "invalid"),
        ("marie@example.org.", "invalid"),
        ("marie@ac-normandie.fr@example.org", "invalid"),
        ("élise@example.org", "not_ascii"),
        ("m\u0430rie@example.org", "not_ascii"),
        ("\uff4darie@example.org", "not_ascii"),
        ("\u212aarim@example.org", "not_ascii"),
        ("marie@exam\u200bple.org", "invisible"),
        ("marie@exam\u00adple.org", "invisible"),
        ("ma\x00rie@example.org", "invisible"),
        ("marie@example.org\r\nBcc: x@example.org", "invisible"),
        ("\u202emarie@example.org", "invisible"),
        ("a@" + "b." * 130 + "org", "too_long"),
    ],
)
def test_what_is_no_address_is_refused_with_a_sentence(typed: str, code: str) -> None:
    assert _refusal(typed) == code


@pytest.mark.parametrize(
    "typed",
    [
        "marie@ac-normandie.fr.example.org",
        "marie@ac-n\u043ermandie.fr",
        "marie@ac\u2010normandie.fr",
        "marie@ac-normandie.fr.",
        "marie@ac-normandie.fr%00.example.org",
        "marie@example.org#@ac-normandie.fr",
    ],
)
def test_no_trick_passes_for_an_academy_s_domain(typed: str) -> None:
    try:
        address = clean_address(typed)
    except ValidationError:
        return
    assert not address.endswith("@ac-normandie.fr")


def test_no_naughty_string_is_an_address() -> None:
    for typed in (*corpus.NAUGHTY, *corpus.SURROGATES):
        _refusal(typed)


@settings(derandomize=True, deadline=None, max_examples=400)
@given(
    st.text(alphabet=st.characters(), max_size=60)
    | st.emails()
    | st.tuples(st.text(st.characters(), max_size=8), st.text(st.characters(), max_size=12)).map("@".join)
    | st.text(alphabet=st.sampled_from("aZ9.@-+_é\u0430\u212a\u00ad \u3002.frorg"), max_size=20)
)
def test_whatever_is_typed_gives_an_address_or_a_sentence(typed: str) -> None:
    try:
        address = clean_address(typed)
    except ValidationError as refused:
        assert refused.messages[0].endswith(".")
        return
    assert clean_address(address) == address
    assert address.isascii() and address.isprintable() and address == address.lower()
    assert address.count("@") == 1 and " " not in address and len(address) <= 254
    assert mailbox_key(mailbox_key(address)) == mailbox_key(address)
    did_you_mean(address)


# --- slips ------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("domain", "meant"),
    [
        ("gmial.com", "gmail.com"),
        ("gamil.com", "gmail.com"),
        ("gmail.fr", "gmail.com"),
        ("gmail.co", "gmail.com"),
        ("gmail.con", "gmail.com"),
        ("gmai.com", "gmail.com"),
        ("gmaill.com", "gmail.com"),
        ("gmaik.com", "gmail.com"),
        ("hotmial.com", "hotmail.com"),
        ("hotmial.fr", "hotmail.fr"),
        ("hotmal.fr", "hotmail.fr"),
        ("wanado.fr", "wanadoo.fr"),
        ("wanadoo.f", "wanadoo.fr"),
        ("orange.f", "orange.fr"),
        ("ornage.fr", "orange.fr"),
        ("oragne.fr", "orange.fr"),
        ("outlok.fr", "outlook.fr"),
        ("yaho.fr", "yahoo.fr"),
        ("laposte.fr", "laposte.net"),
        ("lapsote.net", "laposte.net"),
        ("iclould.com", "icloud.com"),
        ("fre.fr", "free.fr"),
    ],
)
def test_a_common_slip_is_pointed_out(domain: str, meant: str) -> None:
    assert did_you_mean(f"marie@{domain}") == f"marie@{meant}"


@pytest.mark.parametrize(
    "domain",
    ["gmail.com", "mail.com", "gmx.fr", "ymail.com", "free.fr", "sfr.fr", "live.be", "laposte.net",
     "example.org", "ac-normandie.fr", "ac-lyon.fr", "me.com", "proton.me"],
)  # fmt: skip
def test_a_right_address_is_left_alone(domain: str) -> None:
    assert did_you_mean(f"marie@{domain}") is None


def test_the_caps_on_one_mailbox_count_its_tags_together_but_not_its_neighbours() -> None:
    assert mailbox_key("marie+a@example.org") == mailbox_key("marie+b+c@example.org") == "marie@example.org"
    assert mailbox_key("marie@example.org") != mailbox_key("maries@example.org")
    assert mailbox_key("+a@example.org") == "+a@example.org"
