"""Anybody finds the pages that the law asks for: notice, accessibility, data, cookies, plan of the site."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from itertools import pairwise

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings as portal_settings
from django.test import Client
from django.urls import get_resolver, reverse
from django.urls.resolvers import URLPattern, URLResolver
from playwright.sync_api import Browser, sync_playwright

from accounts import browsers, policy_texts
from accounts.models import PolicyDocument, User
from accounts.openid.door import PROVIDER
from accounts.urls import PolicyConverter
from guardians.franceconnect.visits import FRANCECONNECT
from mcm_portal.entrance import CHOICE
from tests.lights import every_light

PAGES = ["/plan-du-site/", *(f"/textes/{slug}/" for slug in PolicyConverter.KINDS)]
PAGES += [f"/aide/classes-virtuelles/{name}/" for name in ("animer", "questions", "eleve")]
PHONE, DESK = {"width": 320, "height": 640}, {"width": 1280, "height": 900}
# Pages that are a moment of something else, a way to act, or nobody's to look for.
NOT_FOR_A_MAP = {
    "choose_language": "buttons at the foot of each page",
    "account_login": "the sign-in of whoever wanted a page",
    "accept_terms": "comes by itself when the terms changed",
    "cancel_address_change": "a button",
    "check_mail": "a step of the sign-up",
    "confirmed": "a step of the sign-up",
    "children_accounts": "for legal guardians, who find it on « Mon compte »",
    "departments": "data for a form",
    "ent_forget": "a button",
    "password_strength": "data for a script",
    "passkey_again_challenge": "data for a script",
    "directory_phone": "for the staff, who find it on « Mes préférences »",
    "first_charter": "a step of a first sign-in to the ENT",
    "first_contact": "a step of a first sign-in to the ENT",
    "first_password": "a step of a first sign-in to the ENT",
    "own_pupils": "for teachers, who find it on « Mon espace »",
    "preferences_contact": "for who is signed in, who finds it on « Mon compte »",
    "preferences_sms_code": "a step of a number for SMS",
    "pupil_recover": "a way out of the pupils' door",
    "pupil_recover_sent": "a step of the recovery",
    "guardian_code": "a step of a guardian's first sign-in",
    "guardian_children": "a step of a guardian's first sign-in",
    "guardian_password": "a step of a guardian's first sign-in",
    "guardian_mobile": "for guardians, who find it on « Mon compte »",
    "guardian_mobile_code": "a step of a new number",
    "guardian_alerts": "comes by itself after the sign-in of who asked for it",
    "guardian_switch_alerts": "a button",
    "guardian_add_child": "for guardians, who find it on « Mon espace »",
    "guardian_bring": "for guardians, who find it on « Mon compte »",
    "guardian_bring_confirm": "a step of bringing children from another account",
    "guardian_identifier": "comes by itself once the account is made",
    "own_school_pupils": "for heads, who find it from a request of a family",
    "own_school_requests": "for heads, who find it on « Mon espace »",
    "support_sent": "where a request leads",
    "own_address": "comes by itself at 18, to who has no address",
    "own_school_letters": "for heads, who find it on « Mon espace »",
    "own_school_prepare_letters": "for heads, who find it from their letters",
    "own_school_letter_persons": "for heads, who find it from their letters",
    "own_school": "for heads, who find it on « Mon espace »",
    "own_school_home": "for heads and their local admins, who find it on « Mon espace »",
    "own_school_staff": "for heads, who find it on « Mon établissement »",
    "own_school_classes": "for heads, who find it on « Mon établissement »",
    "own_school_reset": "for heads, who find it on « Mon établissement »",
    "new_password_wanted": "where a sign-in leads whose password was closed",
    "own_data": "a download of « Mon compte »",
    "preferences_merge_code": "a step of putting two accounts together",
    "preferences_merge_confirm": "a step of putting two accounts together",
    "read_notices": "a button",
    "reauthenticate": "comes by itself before something sensitive",
    "recover_sent": "a step of the recovery",
    "renew": "comes by itself at the new school year",
    "franceconnect": "a way in for guardians, whose own first sign-in is to lead there",
    "franceconnect_callback": "where FranceConnect sends people back to",
    "franceconnect_identity": "where one is led from FranceConnect",
    "franceconnect_join": "comes by itself after FranceConnect and a sign-in",
    "franceconnect_part": "for guardians, who find it on « Mon compte »",
    "franceconnect_leave": "a button",
    "franceconnect_left": "where FranceConnect sends people back to",
    "ent_staff": "one's académie, where the entrance of the ENT leads",
    "provider_left": "where an identity provider sends people back to",
    "staff_key": "a link of the staff's doors",
    "new_class": "for teachers, who find it on « Mon espace »",
    "demonstration_room": "for those who build",
    "class_left": "where a virtual class leads at its end",
    "local_mailbox": "for those who build",
    "components": "for those who build",
}


@pytest.fixture
def texts(db: None) -> None:
    """The texts that the portal ships with."""
    policy_texts.load()


def words(page: str) -> str:
    """A page as text, with plain spaces."""
    return page.replace("\xa0", " ")


def no_argument_pages(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    """The names of all addresses of the portal's own that need nothing more."""
    for pattern in patterns:
        if isinstance(pattern, URLResolver):
            if not pattern.namespace:  # the administration has its own ways
                yield from no_argument_pages(pattern.url_patterns, prefix + str(pattern.pattern))
        elif pattern.name and "<" not in str(pattern.pattern):
            address = prefix + str(pattern.pattern)
            # « Sécurité » leads on to its own acts, and the sign-in to its second factor.
            if not re.match(r"mon-compte/securite/.|connexion/.", address):
                yield pattern.name


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("address", PAGES)
def test_a_stranger_reads_each_page_from_any_other(texts: None, address: str, language: str) -> None:
    answer = Client().get(address, HTTP_ACCEPT_LANGUAGE=language)
    assert answer.status_code == 200
    page = answer.content.decode()
    assert page.count("<h1") == 1
    levels = [int(level) for level in re.findall(r"<h([1-6])", page)]
    assert all(after - before <= 1 for before, after in pairwise(levels)), levels
    assert "pas encore publié" not in page
    for name in ("terms", "data_protection", "cookies", "legal_notice", "accessibility", "site_map"):
        assert f'href="{reverse(name)}"' in page


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("fr", ("Ce que dit FranceConnect", "date de naissance", "qui envoie les SMS", "30 minutes")),
        ("en", ("What FranceConnect says", "date of birth", "that sends the SMS", "30 minutes")),
    ],
)
def test_what_franceconnect_says_and_who_sends_the_sms_is_told_and_asks_nobody_to_accept_again(
    client: Client, texts: None, language: str, said: tuple[str, ...]
) -> None:
    slug = next(slug for slug, kind in PolicyConverter.KINDS.items() if kind == "data_protection")
    page = words(client.get(f"/textes/{slug}/", headers={"Accept-Language": language}).content.decode())
    for part in said:
        assert part in page
    assert not PolicyDocument.objects.get(kind="data_protection", version="2026-3", language="fr").major


@pytest.mark.parametrize(
    ("language", "said"), [("fr", "à la porte d’une séance"), ("en", "at the door of a session")]
)
def test_what_virtual_classes_keep_is_told_and_asks_nobody_to_accept_again(
    texts: None, language: str, said: str
) -> None:
    text = PolicyDocument.objects.get(kind="data_protection", version="2026-4", language=language)
    assert said in text.body and not text.major


@pytest.mark.parametrize("address", PAGES)
def test_reading_a_page_costs_a_stranger_no_session_and_leaves_no_cookie(texts: None, address: str) -> None:
    assert not Client().get(address).cookies


@pytest.mark.parametrize(
    ("status", "sentence"),
    [
        ("none", "Accessibilité : non conforme"),
        ("partial", "Accessibilité : partiellement conforme"),
        ("full", "Accessibilité : totalement conforme"),
    ],
)
def test_the_foot_of_each_page_says_how_far_the_site_is_accessible(
    texts: None, settings, status: str, sentence: str
) -> None:
    settings.ACCESSIBILITY = status
    assert sentence in words(Client().get("/plan-du-site/").content.decode())


def test_until_an_audit_says_more_the_site_is_declared_not_compliant(texts: None) -> None:
    assert portal_settings.ACCESSIBILITY == "none"
    assert "non conforme" in words(Client().get("/textes/accessibilite/").content.decode())


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_page_on_cookies_lists_exactly_those_that_the_portal_sets(texts: None, language: str) -> None:
    text = PolicyDocument.objects.in_force("cookies", language).get()
    assert text.language == language
    listed = set(re.findall(r"^\| `(\w+)`", text.body, re.MULTILINE))
    ours = {
        value
        for name, value in vars(browsers).items()
        if name.isupper() and isinstance(value, str) and name.lower() == value.removeprefix("__Host-")
    }
    named = {portal_settings.SESSION_COOKIE_NAME, portal_settings.CSRF_COOKIE_NAME, FRANCECONNECT}
    named |= {portal_settings.LANGUAGE_COOKIE_NAME, "messages", CHOICE, PROVIDER}
    assert listed == {name.removeprefix("__Host-") for name in ours | named}


def test_the_plan_of_the_site_leads_to_every_page_one_could_look_for(texts: None, signed_in: Client) -> None:
    page = signed_in.get("/plan-du-site/").content.decode()
    missing = {
        name
        for name in no_argument_pages(get_resolver().url_patterns)
        if name not in NOT_FOR_A_MAP and f'href="{reverse(name)}"' not in page
    }
    assert missing == set()


def test_a_stranger_is_not_sent_to_pages_of_an_account(texts: None) -> None:
    page = Client().get("/plan-du-site/").content.decode()
    assert reverse("account") not in page


@pytest.fixture
def signed_in(db: None) -> Client:
    """Somebody signed in, whoever they are."""
    client = Client()
    user = User.objects.create_user(first_name="Jeanne", last_name="Dupont", password="tZ7#kqpLw")
    client.force_login(user)
    return client


# In a browser ---------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    found = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    with pytest.MonkeyPatch.context() as environment, sync_playwright() as playwright:
        # Playwright's loop runs in this thread, where Django then refuses its own database.
        environment.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "1")
        browser = playwright.chromium.launch(executable_path=found, args=["--no-sandbox", "--no-first-run"])
        yield browser
        browser.close()


@pytest.mark.browser
@pytest.mark.parametrize(("viewport", "scheme"), every_light(phone=PHONE, desk=DESK))
def test_no_barrier_is_found_and_no_page_scrolls_sideways(live_server, browser, viewport, scheme) -> None:
    policy_texts.load()
    context = browser.new_context(
        base_url=live_server.url, viewport=viewport, color_scheme=scheme, locale="fr-FR"
    )
    page = context.new_page()
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    for address in PAGES:
        page.goto(address)
        found = Axe().run(page)
        assert found.violations_count == 0, f"{address}: {found.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth") == viewport["width"], address
    context.close()
    assert complaints == []
