"""National staff edit the trees of C1 and set up identity providers; a mistake gets a kind sentence."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client

from accounts import entrances, identity_providers
from accounts.models import Entrance, IdentityProvider, WayIn
from audit.models import Record
from schools.models import Academy
from tests.accounts.staff import appoint, staff_client
from tests.guardians.franceconnect.fake_provider import FakeForgingProvider

pytestmark = pytest.mark.django_db
WAYS, REGIONS, PROVIDERS = (
    f"/administration/accounts/{model}/" for model in ("wayin", "entrance", "identityprovider")
)


@pytest.fixture
def national(portal: None) -> Client:
    """A national admin's browser, with the regions that the portal ships with."""
    entrances.load()
    return staff_client(appoint(None, "national"))


def words(answer: Any) -> str:
    return str(answer.content.decode()).replace("\xa0", " ")


def typed(way: WayIn, **changes: Any) -> dict[str, Any]:
    """Return what the form of a choice sends."""
    names = ("code", "order", "label", "label_en", "audience", "leads_to", "sentence", "sentence_en")
    said = {name: getattr(way, name) for name in names}
    said |= {"entrance": way.entrance_id, "parent": way.parent_id or "", "academy": way.academy_id or ""}
    said |= {"provider": way.provider_id or "", "is_shown": "on"}
    return said | changes


def way(code: str, region: str = "auvergne-rhone-alpes") -> WayIn:
    return WayIn.objects.get(entrance__slug=region, code=code)


def test_a_label_that_staff_correct_is_read_at_once_and_the_journal_names_the_field(national: Client) -> None:
    row = way("parent")
    assert "Parent ou responsable" in words(Client().get("/ent/auvergne-rhone-alpes/"))
    answer = national.post(f"{WAYS}{row.pk}/change/", typed(row, label="Père, mère ou tuteur"))
    assert answer.status_code == 302
    assert "Père, mère ou tuteur" in words(Client().get("/ent/auvergne-rhone-alpes/"))
    line = Record.objects.get(act="entrance.way_written")
    assert line.subject == "entrance:auvergne-rhone-alpes" and line.fields == ["label"]
    assert "tuteur" not in str(vars(line))


def test_a_new_region_is_written_with_its_choices(national: Client) -> None:
    national.post(f"{REGIONS}add/", {"name": "Bretagne", "slug": "bretagne", "is_open": "on"})
    bretagne = Entrance.objects.get(slug="bretagne")
    assert Client().get("/ent/bretagne/").status_code == 404  # nothing to choose yet
    national.post(
        f"{WAYS}add/",
        typed(way("parent"), entrance=bretagne.pk, code="parent", parent="", label="Parent"),
    )
    assert "Parent" in words(Client().get("/ent/bretagne/"))


def test_an_address_that_cannot_be_one_is_refused_kindly(national: Client) -> None:
    for slug in ("regions", "oublier", "Bretagne", "a b", "é", "-a", ""):
        answer = national.post(f"{REGIONS}add/", {"name": "Bretagne", "slug": slug, "is_open": "on"})
        assert answer.status_code == 200 and "errorlist" in words(answer), slug
    assert not Entrance.objects.filter(name="Bretagne").exists()


MISTAKES: list[tuple[str, dict[str, str], str]] = [
    ("eleve", {"leads_to": "", "sentence": ""}, "Un titre reste au premier niveau"),
    ("enseignant", {"leads_to": "guardians"}, "Des choix sont sous ce titre"),
    ("eleve", {"leads_to": "staff"}, "Choisissez une académie"),
    ("eleve", {"leads_to": "provider"}, "Choisissez un fournisseur"),
    ("eleve", {"leads_to": "page", "sentence": ""}, "Écrivez la phrase"),
    ("eleve", {"label": "Parent ou responsable légal"}, "porte déjà ce texte"),
    ("eleve", {"label": ""}, "errorlist"),
    ("eleve", {"order": "beaucoup"}, "errorlist"),
]


def test_a_mistake_gets_a_kind_sentence_and_changes_nothing(national: Client) -> None:
    before = list(WayIn.objects.values())
    for code, changes, said in MISTAKES:
        row = way(code)
        answer = national.post(f"{WAYS}{row.pk}/change/", typed(row, **changes))
        assert answer.status_code == 200 and said in words(answer), changes
    assert list(WayIn.objects.values()) == before


def test_no_form_makes_a_loop_or_hangs_a_choice_under_another_regions_title(national: Client) -> None:
    row, foreign = way("eleve"), way("enseignant", "normandie")
    answer = national.post(f"{WAYS}{row.pk}/change/", typed(row, parent=foreign.pk))
    assert "celui d’une autre région" in words(answer)
    for parent in (row, way("parent")):  # itself, and one that is no title: not even offered
        answer = national.post(f"{WAYS}{row.pk}/change/", typed(row, parent=parent.pk))
        assert answer.status_code == 200
    row.refresh_from_db()
    assert row.parent == way("eleve-ou-parent")


BROKEN = [
    "UPDATE accounts_wayin SET parent_id = id WHERE code = 'eleve'",
    "UPDATE accounts_wayin SET parent_id = id WHERE code = 'enseignant'",
    "UPDATE accounts_wayin SET parent_id = (SELECT max(id) FROM accounts_wayin WHERE code = 'enseignant')"
    " WHERE id = (SELECT min(id) FROM accounts_wayin WHERE code = 'eleve')",
    "UPDATE accounts_wayin SET leads_to = 'guardians' WHERE code = 'enseignant'",
    "UPDATE accounts_wayin SET leads_to = '' WHERE code = 'eleve'",
    "UPDATE accounts_wayin SET academy_id = NULL WHERE code = 'enseignant-lyon'",
    "UPDATE accounts_entrance SET slug = 'regions'",
]


def test_postgresql_itself_refuses_loops_orphans_and_choices_that_lead_nowhere(national: Client) -> None:
    for statement in BROKEN:
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_of_two_pages_sent_at_once_the_second_is_told_to_look_again(
    national: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    row = way("eleve")

    def too_late(*_words: Any, **_named: Any) -> None:
        raise IntegrityError

    monkeypatch.setattr(entrances, "write_way", too_late)
    answer = national.post(f"{WAYS}{row.pk}/change/", typed(row, label="Élèves"), follow=True)
    assert "entre-temps" in words(answer)


def test_lists_and_forms_are_there_for_national_staff_alone(national: Client, portal: None) -> None:
    for address in (WAYS, REGIONS, PROVIDERS):
        assert national.get(address).status_code == 200
        assert national.get(f"{address}add/").status_code == 200
        assert staff_client(appoint(None, "dane", "10")).get(f"{address}add/").status_code == 404


class TestAProvider:
    GOOD = {
        "name": "Portail de Lyon",
        "issuer": "https://sso.ac-lyon.fr/realms/agents",
        "client_id": "mcm",
        "secret": "un-secret-tres-secret",
        "scope": "openid profile",
        "claim": "uid",
        "algorithm": "RS256",
        "is_on": "on",
    }

    def add(self, national: Client, **changes: str) -> Any:
        """Send the form of a new provider."""
        lyon = Academy.objects.get(code="10")
        return national.post(f"{PROVIDERS}add/", {**self.GOOD, "academy": lyon.pk, **changes})

    def test_is_written_with_its_secret_unreadable_at_rest_and_on_every_page(self, national: Client) -> None:
        assert self.add(national).status_code == 302
        row = IdentityProvider.objects.get()
        assert row.secret() == self.GOOD["secret"] and self.GOOD["secret"] not in row.sealed_secret
        page = words(national.get(f"{PROVIDERS}{row.pk}/change/"))
        assert self.GOOD["secret"] not in page and row.sealed_secret not in page
        assert f"/fournisseurs/{row.public_id}/retour/" in page and "/fournisseurs/au-revoir/" in page
        line = Record.objects.get(act="provider.written")
        assert "secret" in line.fields and self.GOOD["secret"] not in str(vars(line))

    def test_keeps_its_secret_where_none_is_typed(self, national: Client) -> None:
        self.add(national)
        row = IdentityProvider.objects.get()
        said = {**self.GOOD, "academy": row.academy_id, "secret": "", "name": "Autrement"}
        assert national.post(f"{PROVIDERS}{row.pk}/change/", said).status_code == 302
        row.refresh_from_db()
        assert row.name == "Autrement" and row.secret() == self.GOOD["secret"]

    def test_a_mistake_gets_a_kind_sentence(self, national: Client) -> None:
        mistakes: list[dict[str, str]] = [
            {"issuer": "http://sso.ac-lyon.fr"},
            {"issuer": "https://"},
            {"issuer": "https://a@b.fr"},
            {"issuer": "https://sso.fr/?a=b"},
            {"issuer": "https://sso.fr; script-src *"},
            {"issuer": "javascript:alert(1)"},
            {"issuer": "https://[::1"},
            {"claim": "email"},
            {"secret": ""},
            {"algorithm": "HS256"},
            {"academy": ""},
        ]
        for changes in mistakes:
            answer = self.add(national, **changes)
            assert answer.status_code == 200 and "errorlist" in words(answer), changes
        assert not IdentityProvider.objects.exists()

    def test_is_asked_whether_it_answers_and_what_is_wrong_is_said(self, national: Client) -> None:
        forger = FakeForgingProvider()
        self.add(national, issuer=forger.issuer, algorithm="ES256")
        row = IdentityProvider.objects.get()
        act = f"{PROVIDERS}{row.pk}/acte/verifier/"
        assert "ses clés sont bonnes" in words(national.post(act, {"sent": "1"}, follow=True))
        IdentityProvider.objects.update(algorithm="RS256")
        assert "aucune clé" in words(national.post(act, {"sent": "1"}))
        forger.instead["/.well-known/openid-configuration"] = b'{"issuer": "https://exemple.fr"}'
        assert "à la lettre près" in words(national.post(act, {"sent": "1"}))
        forger.instead["/.well-known/openid-configuration"] = b"<html>"
        assert "ne répond aucun fournisseur" in words(national.post(act, {"sent": "1"}))
        forger.stop()
        assert "ne répond pas" in words(national.post(act, {"sent": "1"}))

    def test_an_issuer_on_this_machine_may_do_without_https(self) -> None:
        assert identity_providers.clean_issuer(" http://localhost:8080/sso ") == "http://localhost:8080/sso"
