"""People who sign up, and what they do to get there."""

from __future__ import annotations

from dataclasses import dataclass

from .portal import link_in
from .visitor import Visitor

PASSWORD = "tZ7#kqpLw"
NEW_PASSWORD = "Brume-sur-le-lac-42"


@dataclass(frozen=True, kw_only=True)
class Person:
    """What somebody types into « Nouveau compte »: unless said, an adult pupil of a collège in Normandie."""

    first_name: str
    last_name: str
    username: str
    address: str
    password: str = PASSWORD
    level: str = "Le collège"
    profile: str = "Élève"
    age: str = "18 ans ou plus"
    academy: str = "Normandie"
    department: str = "Calvados (14)"


def accept_terms(visitor: Visitor, level: str) -> None:
    """Come from the home page to the empty form."""
    visitor.go("/")
    visitor.follow(level)
    visitor.stands_on(f"Connexion, {level}")
    visitor.follow("Créer un compte")
    visitor.stands_on("Les conditions d'utilisation")
    visitor.tick("J'accepte les conditions d'utilisation")
    visitor.press("Continuer")
    visitor.stands_on(f"Nouveau compte, {level}")


def fill_in(visitor: Visitor, person: Person) -> None:
    """Fill in the form; without JavaScript the server is asked for the départements first."""
    visitor.choose("Profil utilisateur", person.profile)
    visitor.choose("Académie (pour la France uniquement)", person.academy)
    if not visitor.javascript:
        visitor.press("Mettre à jour les départements")
    visitor.choose("Département", person.department)
    if person.profile == "Élève":
        visitor.tick(person.age)
    visitor.write("Prénom", person.first_name)
    visitor.write("Nom", person.last_name)
    visitor.write("Nom d'utilisateur", person.username)
    visitor.write("Mot de passe", person.password)
    visitor.write("Adresse de courriel", person.address)
    visitor.write("Courriel (confirmation)", person.address)


def sign_up(visitor: Visitor, person: Person) -> None:
    """Go all the way to « Vérifiez vos messages »."""
    accept_terms(visitor, person.level)
    fill_in(visitor, person)
    visitor.press("Créer mon compte")
    visitor.stands_on("Vérifiez vos messages")
    visitor.reads(person.address)


def open_mail(visitor: Visitor, person: Person, *, number: int = 1) -> str:
    """Wait for the mail and open its link in this browser; return the link."""
    link = link_in(visitor.portal.mail_to(person.address, number=number))
    visitor.go(link)
    return link


def confirm_here(visitor: Visitor, person: Person) -> None:
    """Confirm in the browser that signed up, as far as « Mon espace »."""
    open_mail(visitor, person)
    visitor.stands_on("Confirmer mon inscription")
    visitor.reads(f"{person.first_name} {person.last_name}", person.username)
    visitor.press("Confirmer mon inscription")
    visitor.stands_on("Votre enregistrement a été confirmé")
    visitor.follow("Continuer")
    is_at_home(visitor, person)


def is_at_home(visitor: Visitor, person: Person) -> None:
    """Check that « Mon espace » is this person's."""
    visitor.stands_on("Mon espace")
    visitor.reads(f"Bonjour {person.first_name}", person.username)


def sign_in(visitor: Visitor, person: Person, *, name: str = "", password: str = "") -> None:
    """Sign in at the page of the collège, by user name unless another ``name`` is given."""
    visitor.go("/college/connexion/")
    visitor.write("Nom d'utilisateur / adresse de courriel", name or person.username)
    visitor.write("Mot de passe", password or person.password)
    visitor.press("Connexion")
