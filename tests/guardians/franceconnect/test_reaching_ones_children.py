"""From what FranceConnect says to the children of a school's record (SCREENS D3, SAFETY T13, T42)."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.http import HttpResponse

from accounts import browsers
from accounts.models import SignInName, User
from accounts.ways_in import OnlyWay
from audit.models import Record
from guardians import activation, finishing, linking, matching
from guardians.models import Activation, ContactAccount, FranceConnectAccount, Guardianship
from notifications.letters import Context, renderer
from notifications.models import Message
from schools.models import Responsibility, Student
from tests.accounts.test_a_second_factor import enrolled
from tests.guardians.conftest import PASSWORD, START, Declared
from tests.guardians.conftest import Guardian as AtAPhone
from tests.guardians.conftest import declare as declare
from tests.guardians.conftest import portal as portal
from throttling.models import Counter

from .conftest import IDENTITY, Guardian
from .real_provider import RealProvider

pytestmark = pytest.mark.django_db(transaction=True)
Declare = Callable[..., Declared]
JOIN = "/responsables/franceconnect/relier/"
NADIA = {"family_name": "LÉGER", "usage_name": "ROUSSEL", "given_names": "Nadia Rose"}


def born(guardian: Guardian, date: str) -> HttpResponse:
    """Write the birth date of a child."""
    day, month, year = date.split()
    who = guardian.is_known_as()
    said = {"day": day, "month": month, "year": year, "visit": str(who and who.visit)}
    response: HttpResponse = guardian.browser.post(IDENTITY, said)
    return response


def test_who_franceconnect_names_reaches_her_children_and_comes_back_without_a_password(
    franceconnect: RealProvider, guardian: Guardian, declare: Declare
) -> None:
    family = declare(first_name="Nadia", family_name="Leger", usage_name="Roussel")
    guardian.signs_in("nadia")
    page = guardian.browser.get(IDENTITY).content.decode()
    assert "Rattacher des élèves" in page and "Chloé" not in page
    assert born(guardian, "09 03 2012")["Location"] == f"{START}enfants/"
    child = guardian.browser.get(f"{START}enfants/", follow=True)
    assert "Chloé" in child.content.decode()
    said = {"answer": "guardian", "day": "9", "month": "3", "year": "2012"}
    guardian.browser.post(f"{START}enfants/{family.children[0].public_id}/", said)
    chosen = {"password": PASSWORD, "confirmation": PASSWORD}
    assert guardian.browser.post(f"{START}mot-de-passe/", chosen).url == "/responsables/identifiant/"
    assert Guardianship.objects.in_force().count() == 1
    again = Guardian()
    again.signs_in("nadia")
    assert again.browser.get(IDENTITY).url == "/mon-espace/"
    assert again.is_known_as() is None  # what FranceConnect said is erased
    stranger = Guardian()
    stranger.signs_in("paul")
    assert stranger.browser.get(IDENTITY).status_code == 200


@pytest.mark.parametrize(
    ("contact", "date"),
    [
        ({"first_name": "Nadia", "family_name": "Leger"}, "10 03 2012"),
        ({"first_name": "Nadège", "family_name": "Leger"}, "09 03 2012"),
        ({"first_name": "Rose", "family_name": "Leger"}, "09 03 2012"),
        ({"first_name": "Nadia Jeanne", "family_name": "Leger"}, "09 03 2012"),
        ({"first_name": "Nadia", "family_name": "Roux"}, "09 03 2012"),
        (
            {"first_name": "Nadia", "family_name": "Leger", "responsibility": Responsibility.CONTACT},
            "09 03 2012",
        ),
    ],
    ids=[
        "another day",
        "another name",
        "second name only",
        "a name she has not",
        "another family",
        "to call",
    ],
)
def test_who_does_not_match_sees_nothing_of_anybody(
    franceconnect: RealProvider, guardian: Guardian, declare: Declare, contact: dict[str, str], date: str
) -> None:
    declare(**contact)
    guardian.signs_in("nadia")
    page = born(guardian, date).content.decode()
    assert "Aucune école ne vous connaît" in page
    assert "Chloé" not in page and "DUPONT" not in page and "Jules Verne" not in page
    assert not Activation.objects.exists()


def test_a_form_does_not_go_on_with_who_came_in_by_another_tab_since(
    franceconnect: RealProvider, guardian: Guardian, declare: Declare
) -> None:
    declare(first_name="Paul", family_name="Girard")
    guardian.signs_in("nadia")
    nadia = guardian.is_known_as()
    assert nadia is not None
    guardian.there = type(guardian.there)()  # signed out over there
    guardian.signs_in("paul")
    said = {"day": "9", "month": "3", "year": "2012", "visit": str(nadia.visit)}
    answer = guardian.browser.post(IDENTITY, said)
    assert answer.status_code == 302 and answer["Location"] == IDENTITY
    assert not Activation.objects.exists()
    assert born(guardian, "09 03 2012")["Location"] == f"{START}enfants/"


def test_two_matches_are_nobody_and_one_person_in_two_schools_is_one(declare: Declare) -> None:
    def found() -> list[int]:
        return [each.pk for each in matching.contacts_of_identity(**NADIA, child_born="2012-03-09")]

    one = declare(first_name="Nadia", family_name="LEGER")
    assert found() == [one.contact.pk]
    same_child = declare(
        one.children, uai="0141396S", first_name="Nadia", family_name="LÉGER", mobile="+33611111111"
    )
    assert found() == [one.contact.pk, same_child.contact.pk]
    homonym = declare(
        {"Tom": "2012-03-09"}, uai="0141396S", first_name="Nadia", family_name="Léger", mobile="+33622222222"
    )
    assert found() == []
    homonym.contact.email = one.contact.email = "nadia@exemple.fr"
    homonym.contact.save()
    one.contact.save()
    assert len(found()) == 3


def test_an_account_made_by_sms_is_not_taken_over(
    franceconnect: RealProvider, guardian: Guardian, declare: Declare
) -> None:
    family = declare(first_name="Nadia", family_name="Leger")
    owner = User.objects.create_user(password=PASSWORD, first_name="Nadia", last_name="Leger")
    ContactAccount.objects.create(contact=family.contact, user=owner)
    guardian.signs_in("nadia")
    assert "déjà un compte" in born(guardian, "09 03 2012").content.decode()
    assert not FranceConnectAccount.objects.exists()


@pytest.fixture
def hers(franceconnect: RealProvider, guardian: Guardian, declare: Declare) -> User:
    """An account made by SMS, whose owner has come by FranceConnect since, and was sent to its sign-in."""
    family = declare(first_name="Nadia", family_name="Leger", email="nadia@exemple.fr")
    by_sms = AtAPhone(typed={**AtAPhone().typed, "first_name": "Nadia", "last_name": "Leger"})
    name = by_sms.go_all_the_way(family)
    by_sms.arrive()
    guardian.signs_in("nadia")
    page = born(guardian, "09 03 2012").content.decode()
    assert f"/responsables/connexion/?next={JOIN}" in page
    return User.objects.get(sign_in_names__name=name)


def signs_in_by_password(guardian: Guardian, owner: User, **wanted: str) -> HttpResponse:
    name = owner.sign_in_names.get(authority="educonnect").name
    said = {"login": name, "password": PASSWORD, **wanted}
    response: HttpResponse = guardian.browser.post("/responsables/connexion/", said)
    return response


def test_an_account_made_by_sms_is_reached_by_franceconnect_once_both_proved_themselves(
    hers: User, guardian: Guardian
) -> None:
    assert signs_in_by_password(guardian, hers, next=JOIN)["Location"] == JOIN
    page = guardian.browser.get(JOIN).content.decode()
    assert "Relier FranceConnect à mon compte" in page and "LÉGER" in page
    who = guardian.is_known_as()
    guardian.browser.post(JOIN, {"visit": "another tab's"})
    assert who is not None and not FranceConnectAccount.objects.exists()
    for _twice in range(2):
        assert guardian.browser.post(JOIN, {"visit": str(who.visit)})["Location"] == "/mon-espace/"
    assert FranceConnectAccount.objects.get().user == hers
    assert Message.objects.filter(kind=linking.KIND_JOINED, to="nadia@exemple.fr").count() == 1
    assert Record.objects.filter(act="guardian.franceconnect_joined").count() == 1
    again = Guardian()
    again.signs_in("nadia")
    assert again.browser.get(IDENTITY)["Location"] == "/mon-espace/"
    assert User.objects.count() == 1  # one record of a school, one account
    # Signing out ends the session over there from the first time on.
    assert "/session/end?" in guardian.browser.post("/deconnexion/")["Location"]


def test_who_finds_their_account_again_by_sms_is_asked_too(hers: User, guardian: Guardian) -> None:
    finds = AtAPhone(browser=guardian.browser)
    finds.typed.update(first_name="Nadia", last_name="Leger")
    Counter.objects.all().delete()  # a minute and more has passed
    assert finds.start().url == f"{START}code/"
    finds.code()
    finds.answer(Student.objects.get())
    finds.choose_password("Autres galets ? 9")
    assert guardian.browser.post("/responsables/identifiant/")["Location"] == JOIN
    assert guardian.browser.get(JOIN).status_code == 200
    assert User.objects.count() == 1


def test_franceconnect_is_not_joined_to_an_account_of_other_names(
    hers: User, guardian: Guardian, declare: Declare
) -> None:
    paul = User.objects.create_user(password=PASSWORD, first_name="Paul", last_name="Girard")
    theirs = declare({"Tom": "2013-03-09"}, first_name="Paul", family_name="Girard", mobile="+33611111111")
    ContactAccount.objects.create(contact=theirs.contact, user=paul)
    SignInName.objects.create(authority="educonnect", name="p.gir11", user=paul)
    who = guardian.is_known_as()
    assert signs_in_by_password(guardian, paul, next=JOIN)["Location"] == JOIN
    AtAPhone(browser=guardian.browser).arrive()  # past the terms
    assert guardian.browser.get(JOIN)["Location"] == "/mon-espace/"
    assert who is not None
    assert guardian.browser.post(JOIN, {"visit": str(who.visit)})["Location"] == "/mon-espace/"
    with pytest.raises(linking.SomebodyElse):
        linking.join(paul, who)
    linking.join(hers, who)
    ContactAccount.objects.filter(contact=theirs.contact).update(user=hers)
    assert FranceConnectAccount.objects.get().user == hers and not linking.is_of(paul, who)


def test_the_page_that_joins_is_nobodys_who_is_not_signed_in_or_came_by_nothing(
    hers: User, guardian: Guardian
) -> None:
    assert guardian.browser.get(JOIN)["Location"].startswith("/connexion/")
    other = Guardian()
    signs_in_by_password(other, hers)
    assert other.browser.get(JOIN)["Location"] == "/mon-espace/"


def test_two_accounts_of_one_person_are_for_somebody_to_look_at(portal: None, declare: Declare) -> None:
    one = declare(first_name="Nadia", family_name="Leger")
    other = declare(one.children, uai="0141396S", first_name="Nadia", family_name="Leger")
    for number, family in enumerate((one, other)):
        owner = User.objects.create_user(password=PASSWORD, first_name="Nadia", last_name=f"Leger{number}")
        ContactAccount.objects.create(contact=family.contact, user=owner)
    by_sms = AtAPhone(typed={**AtAPhone().typed, "first_name": "Nadia", "last_name": "Leger"})
    by_sms.start()
    by_sms.code()
    by_sms.answer(one.children[0])
    answer = by_sms.choose_password()
    assert answer.status_code == 409 and "Deux comptes à réunir" in answer.content.decode()
    assert User.objects.count() == 2


def test_an_account_made_meanwhile_is_not_taken_over_either(
    franceconnect: RealProvider, guardian: Guardian, declare: Declare
) -> None:
    family = declare(first_name="Nadia", family_name="Leger")
    guardian.signs_in("nadia")
    born(guardian, "09 03 2012")
    said = {"answer": "guardian", "day": "9", "month": "3", "year": "2012"}
    guardian.browser.post(f"{START}enfants/{family.children[0].public_id}/", said)
    owner = User.objects.create_user(password=PASSWORD, first_name="Nadia", last_name="Leger")
    ContactAccount.objects.create(contact=family.contact, user=owner)
    with pytest.raises(activation.HasAccount):
        finishing.finish(Activation.objects.get(), "Autres galets ? 9")
    owner.refresh_from_db()
    assert owner.check_password(PASSWORD)


def test_a_browser_that_is_refused_keeps_its_number_and_its_dates_count_together(
    franceconnect: RealProvider, guardian: Guardian, declare: Declare
) -> None:
    declare(first_name="Nadia", family_name="Leger")
    numbers = set()
    for day in range(10, 15):
        guardian.signs_in("nadia" if day < 13 else "paul")
        born(guardian, f"{day} 03 2012")
        numbers.add(guardian.browser.cookies[browsers.DEVICE].value.partition(":")[0])
    assert len(numbers) == 1
    counted = Counter.objects.filter(scope="guardians.identity_device").values_list("count", flat=True)
    assert list(counted) == [5]


def test_help_is_asked_for_the_reason_that_has_happened(
    franceconnect: RealProvider, guardian: Guardian, declare: Declare
) -> None:
    declare(first_name="Nadia", family_name="Leger")
    guardian.signs_in("nadia")
    assert "raison=" not in guardian.browser.get(IDENTITY).content.decode()
    assert "raison=name" in born(guardian, "10 03 2012").content.decode()


PART = "/mon-compte/franceconnect/"


def test_who_joined_franceconnect_comes_by_it_no_more_once_they_say_so(
    hers: User, guardian: Guardian
) -> None:
    assert signs_in_by_password(guardian, hers)["Location"] == "/mon-espace/"
    assert guardian.browser.get(PART)["Location"] == "/mon-compte/"  # nothing to leave yet
    who = guardian.is_known_as()
    assert who is not None
    guardian.browser.post(JOIN, {"visit": str(who.visit)})
    elsewhere = Guardian()
    elsewhere.signs_in("nadia")
    elsewhere.browser.get(IDENTITY)
    assert PART in guardian.browser.get("/mon-compte/").content.decode()
    assert guardian.browser.get(PART).status_code == 200 and linking.is_joined(hers)
    assert "Ce n’est pas votre mot de passe" in (
        guardian.browser.post(PART, {"password": "faux"}).content.decode()
    )
    assert linking.is_joined(hers)
    for _twice in range(2):
        answer = guardian.browser.post(PART, {"password": PASSWORD})
        assert answer["Location"].startswith("/mon-compte/")
    assert not linking.is_joined(hers)
    done = guardian.browser.get("/mon-compte/?fait=franceconnect").content.decode()
    assert "n’ouvre plus votre compte" in done
    assert elsewhere.browser.get("/mon-espace/").status_code == 302  # the others are signed out
    told = Message.objects.filter(kind=linking.KIND_PARTED)
    assert {each.to for each in told} == {"nadia@exemple.fr", "+33612345678"}
    for each in told:
        context = Context(each.reference, each.to, "fr", each.created_at)
        assert "n’ouvre plus" in renderer(each.kind)(context).text
    assert Record.objects.filter(act="guardian.franceconnect_left", subject=hers.subject).count() == 1
    stranger = Guardian()
    stranger.signs_in("nadia")
    assert stranger.browser.get(IDENTITY).status_code == 200  # no account opens


def test_who_has_a_second_factor_shows_it_before_leaving_franceconnect(
    hers: User, guardian: Guardian
) -> None:
    signs_in_by_password(guardian, hers)
    who = guardian.is_known_as()
    assert who is not None
    guardian.browser.post(JOIN, {"visit": str(who.visit)})
    enrolled(hers)
    for answer in (guardian.browser.get(PART), guardian.browser.post(PART, {"password": PASSWORD})):
        assert answer["Location"].startswith("/mon-compte/securite/")
    assert linking.is_joined(hers)


def test_franceconnect_stays_where_it_is_the_only_way_in(hers: User, guardian: Guardian) -> None:
    signs_in_by_password(guardian, hers)
    who = guardian.is_known_as()
    assert who is not None
    linking.join(hers, who)
    User.objects.filter(pk=hers.pk).update(password="!taken away by the DANE")
    by_franceconnect = Guardian()
    by_franceconnect.signs_in("nadia")
    by_franceconnect.browser.get(IDENTITY)
    assert "la seule façon" in by_franceconnect.browser.get(PART).content.decode()
    by_franceconnect.browser.post(PART, {"password": PASSWORD})
    hers.refresh_from_db()
    with pytest.raises(OnlyWay):
        linking.part(hers, keep=None)
    assert linking.is_joined(hers)


def test_five_dates_a_day_are_tried_for_one_person(
    franceconnect: RealProvider, guardian: Guardian, declare: Declare
) -> None:
    declare(first_name="Nadia", family_name="Leger")
    guardian.signs_in("nadia")
    for day in range(10, 15):
        assert "Aucune école" in born(guardian, f"{day} 03 2012").content.decode()
    assert "Plusieurs dates" in born(guardian, "09 03 2012").content.decode()
    assert Student.objects.exists() and not Activation.objects.exists()
