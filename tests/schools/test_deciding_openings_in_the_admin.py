"""The DANE writes down what its rector decided, for its own académie (SCREENS A4)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from audit.models import Record
from schools.models import Academy, AcademyDomain, OpeningDecision
from schools.school_year import today
from tests.accounts.staff import appoint, staff_client

pytestmark = pytest.mark.django_db
ACADEMIES = "/administration/schools/academy/"
REFERENCE = "Arrêté rectoral n° 2026-17"


@pytest.fixture
def dane(portal: None) -> Client:
    return staff_client(appoint(None, "dane", "70"))


@pytest.fixture
def national(portal: None) -> Client:
    return staff_client(appoint(None, "national"))


def academy(code: str = "70") -> Academy:
    return Academy.objects.with_openness().get(code=code)


def page(browser: Client, address: str = ACADEMIES) -> str:
    answer = browser.get(address)
    assert answer.status_code == 200
    return answer.content.decode().replace("\xa0", " ")


def decide(browser: Client, code: str = "70", **changes: Any) -> Any:
    said = {
        "opens": "0", "decided_on": str(today()), "effective_on": str(today()), "reason": REFERENCE, **changes
    }  # fmt: skip
    return browser.post(f"{ACADEMIES}{academy(code).pk}/acte/decider/", said, follow=True)


def test_a_dane_admin_sees_its_academie_and_whether_it_is_open(dane: Client) -> None:
    shown = page(dane)
    assert "Normandie" in shown and "Lyon" not in shown and "ouverte" in shown and "Arrêté 2020-1" in shown
    one = page(dane, f"{ACADEMIES}{academy().pk}/change/")
    assert "ouvre à compter du 1 septembre 2020, décidé le 20 août 2020 : Arrêté 2020-1" in one
    assert "ac-normandie.fr" in one and "Calvados (14)" in one


def test_all_academies_cost_national_staff_a_few_statements(national: Client) -> None:
    page(national)
    with CaptureQueriesContext(connection) as captured:
        shown = page(national)
    assert shown.count("/change/") >= 60 and "fermée" in shown
    assert len(captured) < 15


def test_a_decision_closes_the_academie_and_stands_in_the_journal(dane: Client) -> None:
    assert "La décision est enregistrée." in decide(dane).content.decode()
    assert not academy().is_open
    written = OpeningDecision.objects.latest("pk")
    assert (written.opens, written.reference, written.decided_on) == (False, REFERENCE, today())
    noted = Record.objects.latest("pk")
    assert (noted.act, noted.subject) == ("academy.opening_decided", "academy:70")
    assert (noted.reason, noted.academy) == (REFERENCE, "70")
    assert noted.actor.startswith("user:")


def test_a_decision_for_later_changes_nothing_today(dane: Client) -> None:
    decide(dane, effective_on=str(today() + timedelta(days=3)))
    assert academy().is_open
    shown = page(dane, f"{ACADEMIES}{academy().pk}/change/")
    assert shown.index("ferme à compter du") < shown.index("ouvre à compter du 1 septembre 2020")


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"opens": ""}, "ouvre ou ferme le service"),
        ({"reason": ""}, "Donnez la référence"),
        ({"reason": "x"}, "Donnez la référence entière"),
        ({"reason": "x" * 201}, "200"),
        ({"decided_on": "2999-01-01", "effective_on": "2999-01-01"}, "attendez que la décision soit prise"),
        ({"effective_on": "2020-01-01"}, "ne prend pas effet avant"),
        ({"effective_on": "demain"}, "date"),
        ({"opens": "2"}, "2"),
    ],
)
def test_a_decision_that_says_too_little_is_not_written(
    dane: Client, changes: dict[str, str], sentence: str
) -> None:
    before = OpeningDecision.objects.count()
    answer = decide(dane, **changes)
    assert answer.status_code == 200 and sentence in answer.content.decode().replace("\xa0", " ")
    assert OpeningDecision.objects.count() == before


def test_the_same_decision_twice_is_told(dane: Client) -> None:
    decide(dane)
    before = OpeningDecision.objects.count()
    assert "déjà enregistrée" in decide(dane).content.decode()
    assert OpeningDecision.objects.count() == before


def test_the_dane_of_one_academie_decides_for_no_other(dane: Client) -> None:
    lyon = academy("10")
    assert dane.get(f"{ACADEMIES}{lyon.pk}/change/").status_code == 404
    assert decide(dane, "10").status_code == 404
    said = {"opens": "0", "decided_on": str(today()), "effective_on": str(today()), "reason": REFERENCE}
    ticked = {
        "action": "decider",
        "_selected_action": [str(lyon.pk), str(academy().pk)],
        "_reason_given": "1",
    }
    dane.post(ACADEMIES, {**ticked, **said})
    assert academy("10").is_open and not academy("70").is_open


@pytest.mark.parametrize("role", ["support", "dpo"])
def test_who_decides_nothing_finds_no_such_page(portal: None, role: str) -> None:
    browser = staff_client(appoint(None, role, "70"))
    assert browser.get(ACADEMIES).status_code == 404
    assert decide(browser).status_code == 404
    assert academy().is_open


def test_national_staff_decide_for_several_at_once(national: Client) -> None:
    both = Academy.objects.filter(code__in=["10", "70"])
    national.post(
        ACADEMIES,
        {
            "action": "decider", "_selected_action": [str(each.pk) for each in both], "_reason_given": "1",
            "opens": "0", "decided_on": str(today()), "effective_on": str(today()), "reason": REFERENCE,
        },
    )  # fmt: skip
    assert not academy("10").is_open and not academy("70").is_open and academy("14").is_open


def test_a_decision_is_never_changed_nor_deleted_here(national: Client) -> None:
    before = list(OpeningDecision.objects.values().order_by("pk"))
    row = academy()
    for end in ("change/", "delete/", "history/"):
        national.post(f"{ACADEMIES}{row.pk}/{end}", {"name": "Autre", "code": "99", "post": "yes"})
    assert national.get("/administration/schools/openingdecision/").status_code == 404
    assert list(OpeningDecision.objects.values().order_by("pk")) == before
    assert academy().name == row.name


def test_national_staff_add_a_mail_domain(national: Client) -> None:
    address = f"{ACADEMIES}{academy().pk}/acte/ajouter-domaine/"
    answer = national.post(
        address, {"domain": " @AC-Caen-Test.fr ", "reason": "Ancien domaine encore servi."}, follow=True
    )
    assert (
        "Le domaine est ajouté." in answer.content.decode() and "ac-caen-test.fr" in answer.content.decode()
    )
    noted = Record.objects.latest("pk")
    assert (noted.act, noted.subject, noted.fields) == ("academy.domain_added", "academy:70", ["domain"])


@pytest.mark.parametrize("domain", ["ac-lyon.fr", "pas un domaine", "ac-é.fr", "sanspoint", "x" * 99 + ".fr"])
def test_what_is_no_domain_or_somebody_elses_is_refused(national: Client, domain: str) -> None:
    before = AcademyDomain.objects.count()
    address = f"{ACADEMIES}{academy().pk}/acte/ajouter-domaine/"
    answer = national.post(address, {"domain": domain, "reason": "Ancien domaine encore servi."})
    assert answer.status_code == 200 and "errornote" in answer.content.decode()
    assert AcademyDomain.objects.count() == before


def test_a_dane_admin_adds_no_domain(dane: Client) -> None:
    address = f"{ACADEMIES}{academy().pk}/acte/ajouter-domaine/"
    assert "ajouter-domaine" not in page(dane, f"{ACADEMIES}{academy().pk}/change/")
    said = {"domain": "ac-pirate.fr", "reason": "Ancien domaine encore servi."}
    assert dane.post(address, said).status_code == 404
    assert not AcademyDomain.objects.filter(domain="ac-pirate.fr").exists()
