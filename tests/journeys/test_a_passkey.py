"""A passkey beside the password, in a Chromium with an authenticator of its own (SAFETY T39, G12)."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import CDPSession, expect

from accounts import second_factor

from .conftest import Comes
from .people import Person, confirm_here, is_at_home, sign_in, sign_up
from .visitor import DESK, PHONE, Visitor

pytestmark = pytest.mark.browser


def with_authenticator(visitor: Visitor) -> tuple[CDPSession, str]:
    """Build an authenticator into this browser, as a phone has: it asks for a finger, and gets it."""
    line = visitor.context.new_cdp_session(visitor.page)
    line.send("WebAuthn.enable")
    options: dict[str, Any] = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    return line, line.send("WebAuthn.addVirtualAuthenticator", {"options": options})["authenticatorId"]


def someone(first_name: str, last_name: str) -> Person:
    name = f"{first_name}.{last_name}".lower()
    return Person(first_name=first_name, last_name=last_name, username=name, address=f"{name}@exemple.fr")


def recovery_codes(visitor: Visitor) -> list[str]:
    visitor.stands_on("Vos codes de secours")
    codes = re.findall(r"[a-z0-9]{5}-[a-z0-9]{5}", visitor.page.inner_text("main"))
    assert len(codes) == second_factor.CODES
    return codes


@pytest.mark.long
@pytest.mark.parametrize("where", ["phone", "desk"])
def test_a_mother_signs_in_with_the_finger_beside_her_password(comes: Comes, where: str) -> None:
    mother = someone("Awa", f"Traore{where.title()}")
    hers = comes(size=PHONE if where == "phone" else DESK, scheme="dark" if where == "phone" else "light")
    line, authenticator = with_authenticator(hers)
    sign_up(hers, mother)
    confirm_here(hers, mother)
    hers.follow("Mon compte")
    hers.follow("Demander un code en plus du mot de passe")
    hers.follow("Utiliser une clé d’accès")
    hers.stands_on("Ajouter une clé d’accès")
    expect(hers.page.get_by_text("Votre navigateur ne sait pas")).to_be_hidden()
    hers.write("Nom de cette clé", "Mon téléphone")
    hers.press("Créer la clé d’accès")
    recovery_codes(hers)
    hers.portal.mail_to(mother.address, number=2)  # told by letter

    # The same device cannot be added twice.
    hers.go("/mon-compte/securite/")
    hers.reads("Mon téléphone", "N’a pas encore servi.", "Il vous reste 10 codes de secours.")
    hers.follow("Ajouter une clé d’accès")
    hers.button("Créer la clé d’accès").click()
    hers.reads("Cet appareil a déjà une clé d’accès pour votre compte.")
    kept = line.send("WebAuthn.getCredentials", {"authenticatorId": authenticator})["credentials"]
    assert [each["rpId"] for each in kept] == ["localhost"]

    hers.sign_out()
    sign_in(hers, mother)
    hers.stands_on("Votre clé d’accès")
    hers.press("Utiliser ma clé d’accès")
    is_at_home(hers, mother)

    # It is taken away, and the password is enough again.
    hers.follow("Mon compte")
    hers.follow("Demander un code en plus du mot de passe")
    hers.reads("A servi la dernière fois le")
    hers.follow("Retirer la clé «\u00a0Mon téléphone\u00a0»")
    hers.stands_on("Retirer une clé d’accès")
    hers.press("Retirer cette clé")
    hers.reads("Même avec votre mot de passe, personne n’entre sans cela.")
    hers.sign_out()
    sign_in(hers, mother)
    is_at_home(hers, mother)


def test_the_dane_reaches_the_administration_with_a_passkey_alone(comes: Comes) -> None:
    agent = someone("Anne", "Delaunay")
    hers = comes()
    with_authenticator(hers)
    sign_up(hers, agent)
    confirm_here(hers, agent)
    hers.sign_out()
    hers.portal.sql(
        "WITH who AS (SELECT user_id AS id FROM accounts_signinname WHERE name = %s), "
        "staff AS (UPDATE accounts_user SET is_staff = true WHERE id IN (SELECT id FROM who)) "
        "INSERT INTO accounts_staffrole (user_id, role, academy_id) "
        "SELECT who.id, 'dane', (SELECT id FROM schools_academy WHERE code = '70') "
        "FROM who",
        agent.username,
    )
    sign_in(hers, agent)
    hers.stands_on("Mettre en place la double vérification")
    hers.follow("Utiliser plutôt une clé d’accès")
    hers.press("Créer la clé d’accès")
    recovery_codes(hers)
    hers.sign_out()
    sign_in(hers, agent)
    hers.press("Utiliser ma clé d’accès")
    hers.page.goto("/administration/")
    expect(hers.page.get_by_role("heading", level=1).first).to_be_visible()
    assert hers.page.url.endswith("/administration/")
    hers.go("/mon-compte/securite/")
    expect(hers.page.get_by_role("link", name="Retirer la clé")).to_have_count(0)

    # Asked again who she is, the same finger stands for the password.
    hers.go("/mon-compte/identite/?next=/mon-compte/")
    hers.reads("Votre clé d’accès vaut votre mot de passe ici.")
    hers.press("Utiliser ma clé d’accès")
    hers.stands_on("Mon compte")


@pytest.mark.long
def test_whoever_says_no_to_the_browser_reads_what_else_to_do(comes: Comes) -> None:
    father = someone("Marc", "Petit")
    his = comes(size=PHONE)
    line, authenticator = with_authenticator(his)
    sign_up(his, father)
    confirm_here(his, father)
    his.go("/mon-compte/securite/cles/")
    his.press("Créer la clé d’accès")
    codes = recovery_codes(his)
    his.sign_out()
    sign_in(his, father)
    line.send("WebAuthn.setUserVerified", {"authenticatorId": authenticator, "isUserVerified": False})
    line.send("WebAuthn.removeVirtualAuthenticator", {"authenticatorId": authenticator})
    line.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": {"protocol": "ctap2", "transport": "usb", "automaticPresenceSimulation": True}},
    )
    his.button("Utiliser ma clé d’accès").click()
    his.reads("La clé d’accès n’a pas été donnée.")
    his.write("Code", codes[0])
    his.press("Continuer")
    is_at_home(his, father)


@pytest.mark.long
@pytest.mark.parametrize("lacks", ["javascript", "passkeys"])
def test_without_javascript_or_passkeys_the_codes_do(comes: Comes, lacks: str) -> None:
    uncle = someone("Ibrahim", f"Sow{lacks.title()}")
    elsewhere = comes(size=PHONE)
    with_authenticator(elsewhere)
    sign_up(elsewhere, uncle)
    confirm_here(elsewhere, uncle)
    elsewhere.go("/mon-compte/securite/cles/")
    elsewhere.press("Créer la clé d’accès")
    codes = recovery_codes(elsewhere)

    old = comes(size=PHONE, javascript=lacks != "javascript")
    if lacks == "passkeys":
        old.context.add_init_script("delete window.PublicKeyCredential")
    sign_in(old, uncle)
    old.stands_on("Votre clé d’accès")
    expect(old.page.get_by_text("Utiliser ma clé d’accès")).to_be_hidden()
    old.reads("Votre clé d’accès ne peut pas servir dans ce navigateur")
    old.write("Code", codes[1])
    old.press("Continuer")
    is_at_home(old, uncle)
    old.go("/mon-compte/securite/")
    expect(old.page.get_by_role("link", name="Ajouter une clé d’accès")).to_be_hidden()
    old.go("/mon-compte/securite/cles/")
    old.reads("Votre navigateur ne sait pas créer de clé d’accès ici")
    expect(old.page.get_by_text("Créer la clé d’accès")).to_be_hidden()
    old.follow("Utiliser une application de codes")
