"""What one family does, on each product: one small class each.

A later flow (a guardian's activation, a class that opens) plugs in as another class with the same
two methods, given to :func:`benchmarks.load.run`.
"""

from __future__ import annotations

import itertools
import re
import uuid
from typing import Protocol

from .browser import Browser, Unexpected
from .guardians import IDENTIFIER, START, Guardian
from .letter_holders import Holder
from .phones import Phones
from .sink import Sink


class Journey(Protocol):
    """One way through a product, repeated by every family."""

    site: str
    steps: tuple[str, ...]

    def walk(self, number: str, address: str, sink: Sink) -> dict[str, float]:
        """Go all the way as family ``number``; return the seconds of each step. Raises ``Unexpected``."""
        ...

    def sign_in_page(self) -> str:
        """Return the path of the page whose GETs are counted per second."""
        ...


def acceptance(page: str) -> dict[str, str]:
    """Return what « J’accepte » sends from the page of consent."""
    document = re.search(r'name="document" value="(\d+)"', page)
    assert document is not None, "the page of consent has changed"
    return {"document": document[1], "accept": "1"}


def new_account(name: str, password: str, address: str) -> dict[str, str]:
    """Return « Nouveau compte » of the portal, filled in by an adult pupil of Normandie."""
    return {
        "submission": str(uuid.uuid4()),
        "profile": "eleve",
        "age_group": "majeur",
        "first_name": "Jeanne",
        "last_name": "Dupont",
        "username": name,
        "password": password,
        "academy": "70",
        "department": "14",
        "country": "",
        "address": address,
        "address_again": address,
    }


class PortalJourney:
    """This portal: consent, form, mail, confirmation here, then a fresh browser."""

    steps = ("form", "sign up", "mail", "confirm", "sign in", "first page")

    def __init__(self, site: str) -> None:
        self.site = site

    def sign_in_page(self) -> str:
        """The page of one level."""
        return "/college/connexion/"

    def form(self, name: str, password: str, mail: str, address: str) -> tuple[Browser, dict[str, str]]:
        """Go as far as the form; return the browser, and what will be typed into the form."""
        first = Browser(self.site, address)
        consent = first.get("/college/conditions/", step="form")
        first.post("/college/conditions/", acceptance(consent.text), step="form")
        first.get("/college/inscription/", step="form")
        return first, new_account(name, password, mail)

    def walk(self, number: str, address: str, sink: Sink) -> dict[str, float]:
        """See :class:`Journey`."""
        name, mail, password = f"famille.{number}", f"famille.{number}@exemple.fr", f"tZ7#kqpLw-{number}"
        first, typed = self.form(name, password, mail, address)
        sent = first.post("/college/inscription/", typed, step="sign up")
        first.get(sent.location, step="sign up")
        link = sink.link_to(mail, first.took)
        first.get(link, step="confirm")
        thanks = first.post(link, {}, step="confirm")
        first.get(thanks.location, step="confirm")
        first.close()
        second = Browser(self.site, address)
        second.get(self.sign_in_page(), step="sign in")
        into = second.post(self.sign_in_page(), {"login": name, "password": password}, step="sign in")
        second.get(into.location, step="first page")
        second.close()
        return first.took | second.took


class GuardianJourney:
    """A guardian's first sign-in: name and number, code by SMS, a child, a password, identifier, account.

    Each is one of those whom schools have declared (:mod:`benchmarks.guardians`), in their order.
    """

    steps = ("identity", "sms", "code", "child", "password", "identifier", "account")

    def __init__(self, site: str, phones: Phones) -> None:
        self.site, self.phones = site, phones
        self.numbers = itertools.count()

    def sign_in_page(self) -> str:
        """The guardians' door."""
        return "/responsables/connexion/"

    def walk(self, number: str, address: str, sink: Sink) -> dict[str, float]:
        """See :class:`Journey`. No mail comes on this way."""
        who = Guardian(next(self.numbers))
        browser = Browser(self.site, address)
        browser.get(START, step="identity")
        on = browser.post(START, who.name_and_number(), step="identity")
        browser.get(on.location, step="identity")
        code = self.phones.code_to(who.mobile, browser.took)
        on = browser.post(f"{START}code/", {"code": code}, step="code")
        child = browser.follow(on.location, step="code")
        on = browser.post(child, who.is_guardian(), step="child")
        password = browser.follow(on.location, step="child")
        on = browser.post(password, who.password(), step="password")
        browser.get(on.location, step="identifier")
        browser.post(IDENTIFIER, {}, step="account")
        terms = browser.follow("/mon-espace/", step="account")
        on = browser.post(terms, acceptance(browser.get(terms, step="account").text), step="account")
        browser.follow("/mon-espace/", step="account")
        browser.close()
        return browser.took


class LetterJourney:
    """A first sign-in with a letter, a teacher's and a pupil's in turn: code, charter, password, contact.

    Each is one of those to whom schools gave letters (:mod:`benchmarks.letter_holders`), in their order.
    Below fifteen a pupil is not asked how to be reached.
    """

    steps = ("letter", "code", "charter", "password", "contact", "my space")

    def __init__(self, site: str) -> None:
        self.site = site
        self.numbers = itertools.count()

    def sign_in_page(self) -> str:
        """Where one types what stands on a letter."""
        return "/lettre/"

    def walk(self, number: str, address: str, sink: Sink) -> dict[str, float]:
        """See :class:`Journey`. No mail comes on this way."""
        who = Holder(next(self.numbers))
        browser = Browser(self.site, address)
        browser.get(who.letter, step="letter")
        on = browser.post(who.letter, {}, step="code")
        charter, text = browser.arrive(on.location, step="charter")
        on = browser.post(charter, acceptance(text), step="charter")
        password = browser.follow(on.location, step="password")
        on = browser.post(password, who.password(), step="password")
        end = browser.follow(on.location, step="contact" if who.gives_contact else "my space")
        if who.gives_contact:
            on = browser.post(end, {}, step="contact")
            end = browser.follow(on.location, step="my space")
        browser.close()
        if end != "/mon-espace/":
            raise Unexpected(f"a letter led to {end}")
        return browser.took


class AllauthJourney:
    """A plain django-allauth project: the same steps, as it ships them."""

    steps = PortalJourney.steps

    def __init__(self, site: str) -> None:
        self.site = site

    def sign_in_page(self) -> str:
        """allauth's own."""
        return "/accounts/login/"

    def walk(self, number: str, address: str, sink: Sink) -> dict[str, float]:
        """See :class:`Journey`."""
        name, mail, password = f"famille.{number}", f"famille.{number}@exemple.fr", f"tZ7#kqpLw-{number}"
        first = Browser(self.site, address)
        first.get("/accounts/signup/", step="form")
        typed = {"username": name, "email": mail, "password1": password, "password2": password}
        sent = first.post("/accounts/signup/", typed, step="sign up")
        first.get(sent.location, step="sign up")
        link = sink.link_to(mail, first.took)
        first.get(link, step="confirm")
        done = first.post(link, {}, step="confirm")
        first.get(done.location, step="confirm")
        first.close()
        second = Browser(self.site, address)
        second.get(self.sign_in_page(), step="sign in")
        into = second.post(self.sign_in_page(), {"login": name, "password": password}, step="sign in")
        second.get(into.location, step="first page")
        second.close()
        return first.took | second.took
