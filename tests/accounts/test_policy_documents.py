"""A national admin writes, publishes and replaces the texts; people read and accept them (SCREENS A3)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, ProgrammingError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from accounts import enrolment, policy_texts, publishing, steps
from accounts.models import PolicyAcceptance, PolicyDocument, Registration, User
from accounts.publishing import Refused
from audit.models import Record
from schools.school_year import today
from tests.accounts.conftest import PASSWORD, Family

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def published(
    version: str, *, days: int, major: bool = True, kind: str = "terms", **more: str
) -> PolicyDocument:
    """A version that came into force some days ago (negative: will)."""
    return PolicyDocument.objects.create(
        kind=kind,
        version=version,
        major=major,
        in_force_from=today() - days * DAY,
        published_at=timezone.now(),
        **{"title": f"Titre {version}", "summary": "Résumé", "body": f"Texte {version}", **more},
    )


def draft(version: str, **more: Any) -> PolicyDocument:
    """A text that nobody sees yet."""
    facts = {"kind": "terms", "title": "Titre", "body": f"Texte {version}", "in_force_from": today(), **more}
    return PolicyDocument.objects.create(version=version, **facts)


@pytest.fixture
def jeanne(person: Callable[..., User]) -> User:
    """Somebody who accepted the shipped terms."""
    return person()


@pytest.fixture
def at_home(jeanne: User) -> Client:
    """Her browser, signed in."""
    browser = Client()
    browser.post("/college/connexion/", {"login": "jeanne.dupont", "password": PASSWORD})
    return browser


# Who is asked again ---------------------------------------------------------------------------


def test_a_minor_version_asks_nobody_again(jeanne: User, at_home: Client) -> None:
    published("2026-2", days=1, major=False)
    assert at_home.get("/mon-espace/").status_code == 200
    assert PolicyDocument.objects.in_force("terms").get().version == "2026-2"


def test_a_major_version_is_asked_for_at_the_next_page(at_home: Client) -> None:
    published("2026-2", days=1)
    assert at_home.get("/mon-espace/").headers["Location"].startswith("/conditions-nouvelles/")


def test_who_missed_a_major_version_accepts_the_minor_one_that_followed_it(jeanne: User) -> None:
    published("2026-2", days=2)
    newest = published("2026-3", days=1, major=False)
    assert steps.terms_to_accept(jeanne) == newest
    enrolment.accept(jeanne, newest)
    assert steps.terms_to_accept(jeanne) is None


def test_who_accepted_the_newest_major_version_is_left_alone(jeanne: User) -> None:
    enrolment.accept(jeanne, published("2026-2", days=2))
    published("2026-3", days=1, major=False)
    assert steps.terms_to_accept(jeanne) is None


def test_who_accepted_nothing_is_asked_even_for_a_minor_version(jeanne: User) -> None:
    jeanne.acceptances.all().delete()
    newest = published("2026-2", days=1, major=False)
    assert steps.terms_to_accept(jeanne) == newest


def test_a_version_asks_nobody_before_its_day_nor_as_a_draft(jeanne: User) -> None:
    published("2026-2", days=-1)
    draft("2026-3")
    assert steps.terms_to_accept(jeanne) is None


def test_another_text_that_changes_asks_for_no_consent(jeanne: User) -> None:
    ours = PolicyDocument.objects.filter(kind="data_protection", language="fr")
    taken = set(ours.values_list("in_force_from", flat=True))
    days = next(days for days in range(1, 9) if today() - days * DAY not in taken)
    published("2026-9", days=days, kind="data_protection")
    assert steps.terms_to_accept(jeanne) is None


def test_neither_another_text_nor_somebody_else_is_taken_for_ones_consent(jeanne: User, person) -> None:
    new = published("2026-2", days=2)
    enrolment.accept(jeanne, published("2026-9", days=1, kind="charter_pupils"))
    enrolment.accept(person("albert.roy"), new)
    assert steps.terms_to_accept(jeanne) == new


def test_asking_whether_terms_are_due_costs_one_statement(jeanne: User) -> None:
    with CaptureQueriesContext(connection) as asked:
        steps.terms_to_accept(jeanne)
    assert len(asked) == 1


# Languages ------------------------------------------------------------------------------------


def test_who_reads_english_is_asked_in_english_and_the_language_is_kept(
    jeanne: User, at_home: Client
) -> None:
    french = published("2026-2", days=1)
    english = published("2026-2", days=1, language="en", title="New terms")
    with translation.override("en"):
        assert steps.terms_to_accept(jeanne) == english
    assert steps.terms_to_accept(jeanne) == french
    at_home.post("/conditions-nouvelles/", {"document": english.pk, "accept": "1"})
    assert steps.terms_to_accept(jeanne) is None
    assert jeanne.acceptances.get(document__version="2026-2").document == english


def test_a_version_accepted_in_one_language_is_not_accepted_again_in_another(jeanne: User) -> None:
    for text in PolicyDocument.objects.texts_in_force("terms"):
        enrolment.accept(jeanne, text)
    assert jeanne.acceptances.count() == 1


def test_where_there_is_no_translation_the_french_text_is_asked_for(jeanne: User) -> None:
    french = published("2026-2", days=1)
    with translation.override("en"):
        assert steps.terms_to_accept(jeanne) == french


def test_a_sign_up_keeps_which_language_was_accepted(family: Family) -> None:
    english = PolicyDocument.objects.in_force("terms", "en").get()
    assert english.language == "en"
    page = family.browser.get("/college/conditions/", HTTP_ACCEPT_LANGUAGE="en").content.decode()
    assert f'name="document" value="{english.pk}"' in page
    family.browser.post("/college/conditions/", {"document": english.pk, "accept": "1"})
    family.send()
    assert Registration.objects.get().terms == english


def test_consent_to_another_text_than_the_terms_in_force_is_refused(family: Family) -> None:
    other = PolicyDocument.objects.in_force("cookies").get()
    family.browser.post("/college/conditions/", {"document": other.pk, "accept": "1"})
    assert family.browser.get("/college/inscription/").headers["Location"] == "/college/conditions/"


def test_the_ledger_says_which_text_which_language_and_on_whose_behalf(jeanne: User, at_home: Client) -> None:
    english = PolicyDocument.objects.in_force("terms", "en").get()
    PolicyAcceptance.objects.filter(user=jeanne).update(document=english, by_guardian=True)
    page = at_home.get("/mon-compte/accords/").content.decode()
    assert english.title in page
    assert english.version in page
    assert "English" in page
    assert "responsable légal" in page
    assert "/textes/conditions-utilisation/versions/2026-1/?langue=en" in page


def test_nobody_reads_the_ledger_of_somebody_else(jeanne: User, at_home: Client, person) -> None:
    other = person("albert.roy")
    other.acceptances.all().delete()
    enrolment.accept(other, published("2031-7", days=400))
    assert "2031-7" not in at_home.get("/mon-compte/accords/").content.decode()


# Publishing -----------------------------------------------------------------------------------


def test_a_draft_is_published_and_replaces_the_text_in_force(jeanne: User) -> None:
    old = PolicyDocument.objects.in_force("terms").get()
    new = publishing.publish(draft("2026-2"), by=jeanne)
    assert new.state == PolicyDocument.State.IN_FORCE
    assert old.state == PolicyDocument.State.REPLACED
    assert PolicyDocument.objects.in_force("terms").get() == new
    line = Record.objects.filter(act="policy.published").get()
    assert (line.actor, line.subject) == (jeanne.subject, f"policy:{new.pk}")


def test_the_state_of_all_texts_is_worked_out_by_one_statement(jeanne: User) -> None:
    published("2026-2", days=1)
    draft("2026-3")
    published("2026-4", days=-3)
    with CaptureQueriesContext(connection) as asked:
        rows = PolicyDocument.objects.with_state().filter(kind="terms", language="fr").order_by("version")
        states = [row.state.value for row in rows]
    assert states == ["replaced", "in_force", "draft", "coming"]
    assert len(asked) == 1


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"body": " \n"}, "empty"),
        ({"title": " "}, "empty"),
        ({"in_force_from": date(2020, 1, 1)}, "too_early"),
        ({"in_force_from": date(2026, 8, 15)}, "too_early"),
        ({"in_force_from": today() - DAY}, "past"),
        ({"language": "en"}, "no_french"),
        ({"language": "en", "version": "2026-0"}, "other_day"),
    ],
)
def test_a_text_that_is_not_ready_is_refused_with_a_sentence(
    jeanne: User, facts: dict[str, Any], code: str
) -> None:
    published("2026-0", days=30)
    text = draft(**{"version": "2026-2", **facts})
    with pytest.raises(Refused) as refusal:
        publishing.publish(text, by=jeanne)
    assert refusal.value.code == code
    assert str(refusal.value).endswith(".")
    text.refresh_from_db()
    assert text.published_at is None
    assert not Record.objects.filter(act="policy.published").exists()


def test_a_text_is_published_once(jeanne: User) -> None:
    with pytest.raises(Refused) as refusal:
        publishing.publish(PolicyDocument.objects.in_force("terms").get(), by=jeanne)
    assert refusal.value.code == "published"


def test_the_first_version_of_a_text_always_asks(db: None) -> None:
    admin = User.objects.create_user(first_name="Anne", last_name="Roy", password=PASSWORD)
    assert publishing.publish(draft("1", major=False), by=admin).major


def test_a_translation_is_as_important_as_its_french_text(jeanne: User) -> None:
    french = publishing.publish(draft("2026-2", major=False), by=jeanne)
    english = publishing.publish(
        draft("2026-2", language="en", in_force_from=french.in_force_from), by=jeanne
    )
    assert not english.major


def test_two_versions_never_begin_on_one_day(portal: None) -> None:
    published("2026-2", days=1)
    with pytest.raises(IntegrityError), transaction.atomic():
        published("2026-3", days=1)


def test_a_correction_is_a_new_version_in_every_language(jeanne: User) -> None:
    old = PolicyDocument.objects.in_force("terms").get()
    new = publishing.new_version(old, by=jeanne)
    assert (new.version, new.language, new.body) == ("2026-1.1", "fr", old.body)
    assert new.state == PolicyDocument.State.DRAFT
    assert set(PolicyDocument.objects.drafts().values_list("version", "language")) == {
        ("2026-1.1", "fr"),
        ("2026-1.1", "en"),
    }
    assert publishing.new_version(new, by=jeanne).version == "2026-1.2"


def test_a_published_text_that_is_not_in_force_yet_can_be_taken_back_with_its_translation(
    jeanne: User,
) -> None:
    french = published("2026-2", days=-400)
    published("2026-2", days=-400, language="en")
    publishing.take_back(french, by=jeanne)
    assert {text.state for text in PolicyDocument.objects.filter(version="2026-2", kind="terms")} == {"draft"}


def test_a_text_in_force_is_never_taken_back(jeanne: User) -> None:
    text = PolicyDocument.objects.in_force("terms").get()
    with pytest.raises(Refused) as refusal:
        publishing.take_back(text, by=jeanne)
    assert refusal.value.code == "in_force"


def test_a_text_in_force_cannot_be_made_a_draft_at_the_database_either(portal: None) -> None:
    with pytest.raises(ProgrammingError), transaction.atomic():
        PolicyDocument.objects.filter(kind="terms").update(published_at=None)


def test_a_text_to_come_cannot_be_changed_without_being_taken_back(portal: None) -> None:
    text = published("2026-2", days=-400)
    with pytest.raises(ProgrammingError), transaction.atomic():
        PolicyDocument.objects.filter(pk=text.pk).update(body="Autre chose")


# What ships ----------------------------------------------------------------------------------


def test_every_text_ships_in_french_and_in_english(portal: None) -> None:
    for kind in PolicyDocument.Kind:
        languages = [text.language for text in PolicyDocument.objects.texts_in_force(kind)]
        assert languages == ["fr", "en"], kind


def test_loading_again_adds_nothing(portal: None) -> None:
    assert policy_texts.load() == 0


def test_an_installation_from_before_gets_what_is_new_and_keeps_what_it_has(portal: None) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("TRUNCATE accounts_policydocument CASCADE")
    facts, body = policy_texts.read(policy_texts.FOLDER / "terms.fr.md")
    kept = published("2026-1", days=0, title=facts["title"], body=body)
    policy_texts.load()
    assert PolicyDocument.objects.get(kind="terms", language="fr").pk == kept.pk
    assert {text.language for text in PolicyDocument.objects.texts_in_force("terms")} == {"fr", "en"}
    assert PolicyDocument.objects.in_force("legal_notice").exists()


def test_a_text_of_the_operators_own_is_not_replaced_by_a_newer_one_of_ours(
    portal: None, tmp_path: Path
) -> None:
    own = published("2026-1.1", days=1, body="Les conditions de la DANE")
    for shipped in policy_texts.FOLDER.glob("terms.*.md"):
        text = shipped.read_text(encoding="utf-8")
        (tmp_path / shipped.name).write_text(text, encoding="utf-8")
        newer = text.replace('"2026-1"', '"2026-2"').replace("2026-08-15", str(today()))
        (tmp_path / f"newer-{shipped.name}").write_text(newer, encoding="utf-8")
    assert policy_texts.load(tmp_path) == 2
    assert PolicyDocument.objects.in_force("terms").get() == own
    assert PolicyDocument.objects.drafts().filter(kind="terms", version="2026-2").count() == 2


def test_a_translation_of_ours_never_joins_a_text_of_somebody_elses(portal: None, tmp_path: Path) -> None:
    published("2026-5", days=2, body="À nous")
    for language in ("fr", "en"):
        text = (policy_texts.FOLDER / f"terms.{language}.md").read_text(encoding="utf-8")
        newer = text.replace('"2026-1"', '"2026-5"')
        (tmp_path / f"terms.{language}.md").write_text(newer, encoding="utf-8")
    assert policy_texts.load(tmp_path) == 0


def test_a_translation_without_its_french_text_is_refused(tmp_path: Path) -> None:
    text = (policy_texts.FOLDER / "terms.en.md").read_text(encoding="utf-8")
    (tmp_path / "terms.en.md").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="French"):
        policy_texts.load(tmp_path)


# Reading them --------------------------------------------------------------------------------


def test_a_reader_of_english_gets_the_translation_and_hears_which_text_rules(portal: None) -> None:
    page = Client().get("/textes/charte-eleves/", HTTP_ACCEPT_LANGUAGE="en").content.decode()
    assert "I come to learn" in page
    assert "?langue=fr" in page
    french = Client().get("/textes/charte-eleves/?langue=fr", HTTP_ACCEPT_LANGUAGE="en").content.decode()
    assert "Je viens pour apprendre" in french
    assert '<div class="mcm-prose" lang="fr">' in french


def test_reading_a_text_costs_two_statements(portal: None) -> None:
    with CaptureQueriesContext(connection) as asked:
        Client().get("/textes/charte-eleves/")
    assert len(asked) == 2


@pytest.mark.parametrize("language", ["de", "%00", "fr%27--"])
def test_a_language_nobody_speaks_here_changes_nothing(portal: None, language: str) -> None:
    page = Client().get(f"/textes/charte-eleves/?langue={language}").content.decode()
    assert "Je viens pour apprendre" in page


def test_a_version_that_was_replaced_can_still_be_read(portal: None) -> None:
    published("2026-2", days=1)
    page = Client().get("/textes/conditions-utilisation/versions/2026-1/").content.decode()
    assert "Qui peut avoir un compte" in page
    assert "a été remplacée" in page
    assert "/textes/conditions-utilisation/versions/2026-2/" in page


@pytest.mark.parametrize("version", ["2026-2", "rien", "..%2F", "%00"])
def test_a_draft_and_what_never_was_are_not_found(portal: None, version: str) -> None:
    draft("2026-2")
    assert Client().get(f"/textes/conditions-utilisation/versions/{version}/").status_code == 404


def test_what_is_written_into_a_text_is_never_a_script(portal: None) -> None:
    published("2026-2", days=1, body="<script>alert(1)</script> [x](javascript:alert(1))")
    page = Client().get("/textes/conditions-utilisation/").content.decode()
    assert "<script>alert" not in page
    assert 'href="javascript' not in page
