"""People who come back: next school year, to new terms, to a page they wanted (SCREENS A2, A3, A8)."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from playwright.sync_api import expect, sync_playwright

from .conftest import Comes, launch
from .people import Person, confirm_here, is_at_home, sign_in, sign_up
from .portal import Portal
from .visitor import PHONE, Visitor

pytestmark = pytest.mark.browser


@pytest.mark.long
def test_at_the_new_school_year_an_account_is_renewed_without_a_mail(comes: Comes, portal: Portal) -> None:
    hugo = Person(first_name="Hugo", last_name="Faure", username="hugo.faure", address="hugo@exemple.fr")
    pupil = comes(size=PHONE, javascript=False)
    sign_up(pupil, hugo)
    confirm_here(pupil, hugo)
    pupil.sign_out()
    portal.sql(
        "UPDATE accounts_enrolment SET school_year = school_year - 1 WHERE user_id ="
        " (SELECT id FROM accounts_user WHERE last_name = 'Faure')"
    )
    sign_in(pupil, hugo)
    pupil.stands_on("Je renouvelle mon inscription")
    pupil.go("/mon-espace/")  # no way around it
    pupil.stands_on("Je renouvelle mon inscription")
    expect(pupil.page.get_by_label("Département")).to_have_value("14")
    pupil.tick("Le lycée")
    pupil.choose("Académie (pour la France uniquement)", "Corse")
    pupil.press("Mettre à jour les départements")
    pupil.press("Je renouvelle mon inscription")
    pupil.reads("Choisissez le département")
    pupil.choose("Département", "Haute-Corse (2B)")
    pupil.press("Je renouvelle mon inscription")
    is_at_home(pupil, hugo)
    pupil.reads("Le lycée", "Haute-Corse")
    assert len(portal.mails_to(hugo.address)) == 1


@pytest.fixture
def new_terms(portal: Portal) -> Iterator[str]:
    """What makes new terms come into force; afterwards they never existed."""
    yield (
        "INSERT INTO accounts_policydocument"
        " (kind, version, language, title, summary, body, in_force_from, major, published_at)"
        " SELECT kind, 'nouvelle', language, title, 'Ce qui change pour chacun.', body, current_date,"
        " true, now()"
        " FROM accounts_policydocument WHERE kind = 'terms' AND language = 'fr' AND version <> 'nouvelle'"
    )
    new = "SELECT id FROM accounts_policydocument WHERE version = 'nouvelle'"
    portal.sql(f"DELETE FROM accounts_policyacceptance WHERE document_id IN ({new})")
    portal.sql("ALTER TABLE accounts_policydocument DISABLE TRIGGER accounts_policy_published")
    portal.sql("DELETE FROM accounts_policydocument WHERE version = 'nouvelle'")
    portal.sql("ALTER TABLE accounts_policydocument ENABLE TRIGGER accounts_policy_published")


@pytest.mark.long
def test_new_terms_are_asked_for_at_the_next_sign_in(comes: Comes, portal: Portal, new_terms: str) -> None:
    lina = Person(first_name="Lina", last_name="Morel", username="lina.morel", address="lina@exemple.fr")
    pupil, newcomer = comes(), comes(javascript=False)
    sign_up(pupil, lina)
    confirm_here(pupil, lina)
    pupil.sign_out()
    portal.sql(new_terms)
    sign_in(pupil, lina, name="LINA@Exemple.fr")
    pupil.stands_on("Les conditions ont changé")
    pupil.reads("Ce qui change pour chacun.")
    pupil.press("Continuer")
    pupil.reads("Cochez la case pour continuer.")
    pupil.tick("J'accepte les conditions d'utilisation")
    pupil.press("Continuer")
    is_at_home(pupil, lina)
    newcomer.go("/college/conditions/")
    newcomer.press("Continuer")
    newcomer.reads("Cochez la case pour continuer.")


@pytest.mark.long
def test_the_texts_open_beside_the_consent_and_can_be_read(comes: Comes) -> None:
    pupil = comes(size=PHONE)
    pupil.go("/ecole/conditions/")
    with pupil.context.expect_page() as opened:
        pupil.page.get_by_role("link", name="Lire toutes les conditions d’utilisation").click()
    opened.value.wait_for_load_state()
    assert "/textes/conditions-utilisation/" in opened.value.url
    pupil.go("/textes/conditions-utilisation/")
    pupil.go("/textes/donnees-personnelles/")
    pupil.go("/nulle-part/", status=404)
    pupil.go("/deconnexion/")
    pupil.stands_on("Accueil")


def test_who_wanted_a_page_gets_it_after_signing_in_and_is_remembered_by_name_only(comes: Comes) -> None:
    noe = Person(first_name="Noé", last_name="Colin", username="noe.colin", address="noe@exemple.fr")
    pupil = comes()
    sign_up(pupil, noe)
    confirm_here(pupil, noe)
    pupil.go("/deconnexion/")
    pupil.stands_on("Se déconnecter")
    pupil.press("Se déconnecter")
    pupil.go("/mon-espace/")
    pupil.stands_on("Connexion")
    pupil.write("Nom d'utilisateur / adresse de courriel", noe.username)
    pupil.write("Mot de passe", noe.password)
    pupil.tick("Se souvenir du nom d'utilisateur")
    pupil.press("Connexion")
    is_at_home(pupil, noe)
    pupil.sign_out()
    pupil.page.go_back()  # on a shared computer nobody sees whose page this was
    pupil.look()
    pupil.stands_on("Connexion")
    pupil.go("/college/connexion/")
    expect(pupil.page.get_by_label("Nom d'utilisateur / adresse de courriel")).to_have_value("noe.colin")
    expect(pupil.page.get_by_label("Mot de passe", exact=True)).to_have_value("")


def test_two_families_register_at_the_same_time_and_never_meet(portal: Portal) -> None:
    families = [
        Person(first_name="Adam", last_name="Simon", username="adam.simon", address="adam@exemple.fr"),
        Person(first_name="Inaya", last_name="Girard", username="inaya.girard", address="inaya@exemple.fr"),
    ]

    def register(person: Person) -> list[str]:
        with sync_playwright() as playwright:
            browser = launch(playwright)
            visitor = Visitor(browser, portal, size=PHONE)
            sign_up(visitor, person)
            confirm_here(visitor, person)
            others = [other.first_name for other in families if other is not person]
            page = visitor.page.inner_text("main")
            visitor.leave()
            browser.close()
            return [name for name in others if name in page]

    with ThreadPoolExecutor(2) as threads:
        assert list(threads.map(register, families)) == [[], []]
    assert [len(portal.mails_to(person.address)) for person in families] == [1, 1]
