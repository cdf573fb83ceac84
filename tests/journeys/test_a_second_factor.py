"""A code beside the password, in a browser (SAFETY T39)."""

from __future__ import annotations

import re
import time

import pytest

from accounts import second_factor

from .conftest import Comes
from .people import Person, confirm_here, sign_in, sign_up
from .visitor import PHONE

pytestmark = pytest.mark.browser


def code_of(secret: str, *, later: int = 0) -> str:
    """Return what the app would show."""
    return second_factor.code_at(secret, int(time.time()) // second_factor.STEP + later)


@pytest.mark.long
@pytest.mark.parametrize("javascript", [pytest.param(True, marks=pytest.mark.long), False])
def test_a_father_asks_for_a_code_beside_his_password(comes: Comes, javascript: bool) -> None:
    name = f"omar{int(javascript)}.diallo"
    omar = Person(first_name="Omar", last_name="Diallo", username=name, address=f"{name}@exemple.fr")
    phone = comes(size=PHONE, javascript=javascript, scheme="dark" if javascript else "light")
    sign_up(phone, omar)
    confirm_here(phone, omar)
    phone.follow("Mon compte")
    phone.follow("Demander un code en plus du mot de passe")
    phone.stands_on("Double vérification")
    phone.follow("Mettre en place")
    phone.reads("Clé à recopier")
    secret = phone.page.locator("#cle").inner_text().replace(" ", "")
    phone.write("Code", "000000")
    phone.press("Vérifier")
    phone.reads("Ce code n’est pas bon.")
    phone.write("Code", code_of(secret))
    phone.press("Vérifier")
    phone.stands_on("Vos codes de secours")
    codes = re.findall(r"[a-z0-9]{5}-[a-z0-9]{5}", phone.page.inner_text("main"))
    assert len(codes) == second_factor.CODES
    phone.sign_out()
    sign_in(phone, omar)
    phone.stands_on("Votre code")
    phone.press("Continuer")
    phone.reads("Écrivez le code.")
    phone.write("Code", codes[3])
    phone.press("Continuer")
    phone.follow("Mon compte")
    phone.follow("Demander un code en plus du mot de passe")
    phone.reads("Il vous reste 9 codes de secours.")
    phone.press("Ne plus demander que le mot de passe")
    phone.reads("personne n’entre sans cela")
