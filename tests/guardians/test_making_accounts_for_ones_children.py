"""A legal guardian makes accounts for children who have no address, and looks after them."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import date
from unittest import mock
from uuid import uuid4

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils import timezone

from accounts import assistance, personal_data
from accounts.models import Custody, PolicyAcceptance, PolicyDocument, User
from accounts.passwords import MCM, PasswordContext
from audit.models import Record
from guardians import children_accounts, pairing
from guardians.models import Guardianship
from notifications.models import Message
from schools.models import GuardianTie, Responsibility, School, Student
from tests.accounts.staff import appoint, staff_client
from tests.guardians.test_signing_in_for_the_first_time import read

from .conftest import PASSWORD, START, Declared, Guardian

pytestmark = pytest.mark.django_db(transaction=True)
Declare = Callable[..., Declared]
PAGE = "/mes-enfants/comptes/"


def arrive(guardian: Guardian, declared: Declared, address: str = "") -> User:
    """Go all the way to « Mon espace », with a confirmed address or without."""
    guardian.go_all_the_way(declared)
    guardian.arrive()
    user = User.objects.latest("pk")
    if address:
        EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
    return user


def make(guardian: Guardian, *children: Student) -> str:
    """Tick children and make their accounts; return the page."""
    said = {"children": [str(each.public_id) for each in children], "accept": "1", "text": texts(guardian)}
    return guardian.browser.post(PAGE, said).content.decode()


def texts(guardian: Guardian) -> list[str]:
    """Return the keys of the texts that the page of the children carries."""
    return re.findall(r'name="text" value="(\d+)"', guardian.browser.get(PAGE).content.decode())


def shown(page: str) -> list[str]:
    """Return user names and passwords that a page shows, one after the other."""
    return re.findall(r"<code>(.*?)</code>", page)


def father(declare: Declare, children: list[Student], **contact: object) -> tuple[Guardian, Declared]:
    """Let the school declare a second guardian of the same children."""
    declared = declare(children, first_name="Marc", mobile="+33612345679", **contact)
    typed = {"last_name": "Dupont", "first_name": "Marc", "region": "FR", "mobile": "06 12 34 56 79"}
    return Guardian(typed=typed), declared


def test_twins_get_their_accounts_in_one_go_and_sign_in_with_them(
    declare: Declare, guardian: Guardian
) -> None:
    family = declare({"Chloé": "2016-03-09", "Zoé": "2016-03-09"})
    arrive(guardian, family)
    assert "Les comptes de mes enfants" in guardian.browser.get("/mon-compte/").content.decode()
    page = make(guardian, *family.children)
    first, one, second, other = shown(page)
    assert (first, second) == ("chloe.dupont", "zoe.dupont") and one != other
    for name, password in ((first, one), (second, other)):
        child = Client()
        assert child.post("/college/connexion/", {"login": name, "password": password}).status_code == 302
        home = child.get("/mon-espace/")
        assert home.status_code == 200 and name in home.content.decode()  # no step is left to take
    again = guardian.browser.get(PAGE).content.decode()
    assert first in again and one not in again
    enrolled = User.objects.get(student=family.children[0]).enrolments.get()
    assert (enrolled.level, enrolled.profile, enrolled.academy.code) == ("college", "eleve", "70")


def test_the_ledger_says_that_a_guardian_accepted_for_the_child(declare: Declare, guardian: Guardian) -> None:
    family = declare()
    arrive(guardian, family)
    assert "Cochez la case" in (
        guardian.browser.post(PAGE, {"children": [str(family.children[0].public_id)]}).content.decode()
    )
    assert not User.objects.filter(student__isnull=False)
    make(guardian, *family.children)
    accepted = PolicyAcceptance.objects.filter(user__student=family.children[0])
    assert {each.document.kind: each.by_guardian for each in accepted} == {
        "terms": True,
        "charter_pupils": True,
    }


def test_the_ledger_holds_the_text_in_the_language_of_the_page_that_was_read(
    declare: Declare, guardian: Guardian
) -> None:
    family = declare()
    arrive(guardian, family)
    guardian.browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    assert "langue=en" in guardian.browser.get(PAGE).content.decode()
    make(guardian, *family.children)
    accepted = PolicyAcceptance.objects.filter(user__student=family.children[0])
    assert {each.document.language for each in accepted} == {"en"}
    # A new version of the charter: what is carried is what the page showed, in whatever language.
    in_force = PolicyDocument.objects.in_force("charter_pupils").get()
    guardian.browser.cookies[settings.LANGUAGE_COOKIE_NAME] = "fr"
    with mock.patch("accounts.models.policies.today", return_value=date(2030, 1, 1)):
        for language in ("fr", "en"):
            PolicyDocument.objects.create(
                kind="charter_pupils", version="2030-1", language=language, title="Charte", body="…",
                in_force_from=date(2029, 9, 1), published_at=timezone.now(),
            )  # fmt: skip
        page = guardian.browser.get(PAGE).content.decode()
        assert len(texts(guardian)) == 1
        held = Custody.objects.get(child__student=family.children[0])
        path = f"{PAGE}{held.public_id}/accord/"
        for stale in ([], [str(in_force.pk)]):
            assert guardian.browser.post(path, {"text": stale})["Location"].endswith("fait=textes")
        assert accepted.filter(document__version="2030-1").count() == 0
        assert "lisez-les" in guardian.browser.get(f"{PAGE}?fait=textes").content.decode()
        keys = re.findall(r'name="text" value="(\d+)"', page)
        guardian.browser.cookies[settings.LANGUAGE_COOKIE_NAME] = (
            "en"  # another tab has changed the language since
        )
        guardian.browser.post(path, {"text": keys})
    assert accepted.get(document__version="2030-1").document.language == "fr"


def test_an_account_is_made_for_the_texts_that_were_on_the_page_only(
    declare: Declare, guardian: Guardian
) -> None:
    family = declare()
    arrive(guardian, family)
    said = {"children": [str(family.children[0].public_id)], "accept": "1"}
    for texts_of_before in ([], texts(guardian)[:1]):
        refused = guardian.browser.post(PAGE, {**said, "text": texts_of_before}).content.decode()
        assert "viennent de changer" in refused and "checked" in refused
    assert not User.objects.filter(student__isnull=False)


def test_an_account_that_its_last_holder_left_is_held_again_by_who_comes(
    declare: Declare, guardian: Guardian
) -> None:
    family = declare()
    mother = arrive(guardian, family, "helene@exemple.fr")
    make(guardian, *family.children)
    child = User.objects.get(student=family.children[0])
    with transaction.atomic():
        personal_data.erase(mother)
    assert not Custody.objects.filter(child=child)
    office = appoint(None, "dane", "70")
    with pytest.raises(assistance.NobodyHolds):
        assistance.require_new_password(child, by=office, reason="Demande de la famille")
    marc, declared = father(declare, family.children)
    arrive(marc, declared, "marc@exemple.fr")
    assert [each.holder.address() for each in Custody.objects.in_force().filter(child=child)] == [
        "marc@exemple.fr"
    ]
    assistance.require_new_password(child, by=office, reason="Demande de la famille")
    assert Message.objects.get(kind="accounts.recovery").to == "marc@exemple.fr"


def test_a_legal_guardian_takes_an_account_that_nobody_holds(declare: Declare, guardian: Guardian) -> None:
    family = declare()
    arrive(guardian, family)
    make(guardian, *family.children)
    Custody.objects.all().delete()
    child = family.children[0]
    page = guardian.browser.get(PAGE).content.decode()
    assert "M’occuper de ce compte" in page and not Custody.objects.exists()  # looking takes nothing
    path = f"{PAGE}{child.public_id}/m-en-occuper/"
    stranger, _others = father(declare, [])
    assert stranger.browser.post(path).status_code == 302  # to the sign-in
    GuardianTie.objects.update(responsibility=Responsibility.IN_CHARGE)
    assert guardian.browser.post(path).status_code == 404
    GuardianTie.objects.update(responsibility=Responsibility.LEGAL)
    User.objects.filter(student=child).update(held_by_guardians=False)  # a pupil's own account
    assert guardian.browser.post(path).status_code == 404 and not Custody.objects.exists()
    assert "M’occuper" not in guardian.browser.get(PAGE).content.decode()
    User.objects.filter(student=child).update(held_by_guardians=True)
    assert guardian.browser.get(path)["Location"] == PAGE and not Custody.objects.exists()
    for _twice in range(2):
        assert guardian.browser.post(path)["Location"].endswith("fait=confie")
    assert Custody.objects.in_force().count() == 1


def test_the_dane_entrusts_an_account_to_who_proved_to_be_a_legal_guardian(
    declare: Declare, guardian: Guardian
) -> None:
    family = declare()
    mother = arrive(guardian, family)
    make(guardian, *family.children)
    Custody.objects.all().delete()
    child = User.objects.get(student=family.children[0])
    agent = appoint(None, "dane", "70")
    office = staff_client(agent)
    shown_of_child = office.get(f"/administration/accounts/user/{child.pk}/change/").content.decode()
    assert "personne ne s’en occupe" in shown_of_child
    _marc, declared = father(declare, family.children)  # of the record, but never came
    said = {"reason": "Appel de la famille, plus personne ne tient ce compte"}
    act = "/administration/schools/guardiantie/{}/acte/confier-le-compte/"
    refused = office.post(act.format(declared.tie().pk), said)
    assert "code d’appairage" in refused.content.decode() and not Custody.objects.exists()
    assert office.post(act.format(family.tie().pk), said).status_code == 302
    assert Custody.objects.in_force().get().holder == mother
    record = Record.objects.get(act="custody.entrusted")
    assert (record.actor, record.subject, record.academy) == (agent.subject, child.subject, "70")
    assert "dont avec une adresse : 0" in office.get(
        f"/administration/accounts/user/{child.pk}/change/"
    ).content.decode().replace("\xa0", " ")
    with pytest.raises(assistance.HoldersWithoutAddress):
        assistance.require_new_password(child, by=agent, reason="Demande de la famille")


def test_a_code_of_the_school_lets_a_guardian_of_the_record_hold_the_account_again(
    declare: Declare, guardian: Guardian
) -> None:
    family = declare()
    arrive(guardian, family)
    make(guardian, *family.children)
    Custody.objects.all().delete()
    code = pairing.give(family.tie(), by=appoint(None, "dane", "70"), submission=uuid4())
    again = Guardian()
    again.browser.post(f"{START}code-ecole/", {"last_name": "Dupont", "first_name": "Hélène", "code": code})
    again.answer(family.children[0])
    assert not Custody.objects.exists()  # the birth date alone holds nothing
    again.choose_password()
    assert Custody.objects.in_force().count() == 1


def test_from_fifteen_on_a_child_accepts_alone(declare: Declare, guardian: Guardian) -> None:
    year = timezone.now().year - 16
    family = declare({"Chloé": f"{year}-03-09"})
    arrive(guardian, family)
    name, password = shown(make(guardian, *family.children))
    child = Client()
    child.post("/college/connexion/", {"login": name, "password": password})
    assert child.get("/mon-espace/")["Location"].startswith("/conditions-nouvelles/")


def test_a_record_of_a_child_has_one_account(declare: Declare, guardian: Guardian) -> None:
    family = declare()
    arrive(guardian, family)
    make(guardian, *family.children)
    said = {"children": [str(family.children[0].public_id)], "accept": "1", "text": texts(guardian)}
    assert guardian.browser.post(PAGE, said)["Location"] == f"{PAGE}?fait=deja"
    assert User.objects.filter(student=family.children[0]).count() == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.create(first_name="A", last_name="B", student=family.children[0])


@pytest.mark.parametrize("responsibility", [Responsibility.IN_CHARGE, Responsibility.CONTACT])
def test_who_may_not_consent_makes_no_account(
    declare: Declare, guardian: Guardian, responsibility: str
) -> None:
    """A person in charge, and a step-parent whom the school may only call."""
    family = declare()
    arrive(guardian, family)
    GuardianTie.objects.update(responsibility=responsibility)
    assert "Chloé" not in guardian.browser.get(PAGE).content.decode()
    make(guardian, *family.children)
    assert not User.objects.filter(student__isnull=False)
    assert "Les comptes de mes enfants" not in guardian.browser.get("/mon-compte/").content.decode()


def test_a_child_of_another_family_cannot_be_named(declare: Declare, guardian: Guardian) -> None:
    arrive(guardian, declare())
    other = declare({"Nino": "2014-01-01"}, first_name="Awa", mobile="+33612345670")
    make(guardian, *other.children)
    assert not User.objects.filter(student__isnull=False)


def test_who_is_eighteen_gets_no_account_from_a_guardian(declare: Declare, guardian: Guardian) -> None:
    family = declare({"Chloé": f"{timezone.now().year - 19}-00-00"})
    arrive(guardian, family)
    make(guardian, *family.children)
    assert not User.objects.filter(student__isnull=False)


def test_every_page_asks_for_the_password_again(declare: Declare, guardian: Guardian) -> None:
    family = declare()
    user = arrive(guardian, family)
    make(guardian, *family.children)
    held = Custody.objects.get(holder=user)
    session = guardian.browser.session
    del session["account_authentication_methods"]
    session.save()
    for path in (PAGE, f"{PAGE}{held.public_id}/mot-de-passe/", f"{PAGE}{held.public_id}/fermer/"):
        for answer in (guardian.browser.get(path), guardian.browser.post(path)):
            assert answer["Location"].startswith("/mon-compte/identite/"), path
    assert User.objects.filter(student__isnull=False).count() == 1


def test_a_new_password_ends_the_childs_sessions_and_tells_the_other_holder(
    declare: Declare, guardian: Guardian
) -> None:
    family = declare()
    mother = arrive(guardian, family, "helene@exemple.fr")
    name, password = shown(make(guardian, *family.children))
    marc, declared = father(declare, family.children)
    arrive(marc, declared, "marc@exemple.fr")
    child = Client()
    child.post("/college/connexion/", {"login": name, "password": password})
    held = Custody.objects.get(holder=mother)
    path = f"{PAGE}{held.public_id}/mot-de-passe/"
    assert "minuscule" in guardian.browser.post(path, {"password": "court"}).content.decode()
    assert guardian.browser.post(path, {"password": "Mon-secret-4-moi"})["Location"].endswith("mot-de-passe")
    assert child.get("/mon-espace/").status_code == 302
    assert (
        child.post("/college/connexion/", {"login": name, "password": "Mon-secret-4-moi"}).status_code == 302
    )
    told = Message.objects.get(kind="accounts.held_password_given")
    assert told.to == "marc@exemple.fr" and "Chloé DUPONT" in read(told)
    assert "Hélène" not in read(told) and "helene" not in read(told)


def test_the_second_guardian_holds_it_too_and_neither_learns_of_the_other(
    declare: Declare, guardian: Guardian
) -> None:
    family = declare(email="ecole.helene@exemple.fr")
    mother = arrive(guardian, family, "helene@exemple.fr")
    name, _password = shown(make(guardian, *family.children))
    marc, declared = father(declare, family.children)
    dad = arrive(marc, declared, "marc@exemple.fr")
    assert Custody.objects.in_force().filter(holder=dad).count() == 1
    for browser, user, secrets in (
        (marc.browser, dad, ("helene", "Hélène", "345678")),
        (guardian.browser, mother, ("marc", "Marc", "345679")),
    ):
        page = browser.get(PAGE).content.decode()
        assert name in page
        known = json.dumps(personal_data.export(user), ensure_ascii=False, default=str)
        letters = [read(each) for each in Message.objects.filter(to=user.address())]
        for secret in secrets:
            assert secret not in page and secret not in known and secret not in "".join(letters)
    child = User.objects.get(student=family.children[0])
    of_child = json.dumps(personal_data.export(child), ensure_ascii=False, default=str)
    assert "held_by_guardians" in of_child
    assert not {"helene", "marc@", "Hélène", "Marc"} & set(re.findall(r"[\w@]+", of_child))


def test_a_guardian_who_has_an_account_already_is_told_when_the_other_makes_one(
    declare: Declare, guardian: Guardian
) -> None:
    family = declare()
    marc, declared = father(declare, family.children)
    arrive(marc, declared, "marc@exemple.fr")
    arrive(guardian, family)
    make(guardian, *family.children)
    told = Message.objects.get(kind="guardians.child_account")
    assert told.to == "marc@exemple.fr" and "Chloé" in read(told) and "Hélène" not in read(told)


def test_who_becomes_a_legal_guardian_by_the_record_alone_holds_it_by_the_next_morning(
    declare: Declare, guardian: Guardian
) -> None:
    family = declare()
    arrive(guardian, family)
    make(guardian, *family.children)
    marc, declared = father(declare, family.children, responsibility=Responsibility.IN_CHARGE)
    dad = arrive(marc, declared, "marc@exemple.fr")
    assert not Custody.objects.filter(holder=dad)
    declared.tie().__class__.objects.filter(pk=declared.tie().pk).update(responsibility=Responsibility.LEGAL)
    assert children_accounts.share_all() == 1
    assert children_accounts.share_all() == 0
    assert Custody.objects.in_force().filter(holder=dad).count() == 1


def test_whom_the_school_removes_loses_the_account_at_the_next_click(
    declare: Declare, guardian: Guardian
) -> None:
    family = declare()
    mother = arrive(guardian, family, "helene@exemple.fr")
    name, password = shown(make(guardian, *family.children))
    held = Custody.objects.get(holder=mother)
    Message.objects.all().delete()
    GuardianTie.objects.update(removed_at=timezone.now())
    for what in ("mot-de-passe", "fermer"):
        path = f"{PAGE}{held.public_id}/{what}/"
        assert guardian.browser.get(path).status_code == 404
        assert guardian.browser.post(path, {"password": "Mon-secret-4-moi"}).status_code == 404
    assert guardian.browser.post(f"{PAGE}{held.public_id}/accord/").status_code == 404
    assert name not in guardian.browser.get(PAGE).content.decode()
    Client().post("/acces-oublie/", {"login": name})
    assert not Message.objects.filter(to="helene@exemple.fr")
    assert Client().post("/college/connexion/", {"login": name, "password": password}).status_code == 302


def test_a_closed_account_is_erased_and_the_other_holder_is_told(
    declare: Declare, guardian: Guardian
) -> None:
    family = declare()
    mother = arrive(guardian, family)
    make(guardian, *family.children)
    marc, declared = father(declare, family.children)
    arrive(marc, declared, "marc@exemple.fr")
    held = Custody.objects.get(holder=mother)
    path = f"{PAGE}{held.public_id}/fermer/"
    assert "Chloé DUPONT" in guardian.browser.get(path).content.decode()
    assert User.objects.filter(student=family.children[0]).exists()
    guardian.browser.post(path)
    assert not User.objects.filter(student=family.children[0]).exists()
    assert Student.objects.filter(pk=family.children[0].pk).exists()
    told = Message.objects.get(kind="guardians.child_account_closed")
    assert told.to == "marc@exemple.fr" and "Chloé" in read(told)
    assert "Créer les comptes" in guardian.browser.get(PAGE).content.decode()


def test_from_fifteen_on_an_account_is_not_closed_over_the_childs_head(
    declare: Declare, guardian: Guardian
) -> None:
    family = declare({"Chloé": f"{timezone.now().year - 16}-03-09"})
    mother = arrive(guardian, family)
    make(guardian, *family.children)
    held = Custody.objects.get(holder=mother)
    assert guardian.browser.post(f"{PAGE}{held.public_id}/fermer/").status_code == 409
    assert User.objects.filter(student=family.children[0]).exists()


def test_children_in_several_schools_and_levels_stand_in_one_account(
    declare: Declare, guardian: Guardian
) -> None:
    at_college = declare({"Chloé": "2013-03-09"})
    at_school = declare({"Nino": "2018-05-04"}, uai="0501272L")
    at_college.children += at_school.children
    School.objects.filter(uai="0501272L").update(kind=School.Kind.ECOLE)
    user = arrive(guardian, at_college)
    assert Guardianship.objects.filter(user=user).count() == 2
    make(guardian, *at_college.children)
    levels = {each.first_name: each.enrolments.get().level for each in User.objects.exclude(student=None)}
    assert levels == {"Chloé": "college", "Nino": "ecole"}


def test_a_foster_institution_is_a_contact_without_a_first_name_and_breaks_nothing(
    declare: Declare, guardian: Guardian
) -> None:
    family = declare()
    declare(family.children, family_name="FOYER LES TILLEULS", first_name="", mobile="", email="")
    arrive(guardian, family)
    assert len(shown(make(guardian, *family.children))) == 2


def test_two_records_that_were_one_child_leave_the_account_with_its_guardian(
    declare: Declare, guardian: Guardian
) -> None:
    family = declare()
    mother = arrive(guardian, family)
    make(guardian, *family.children)
    kept = Student.objects.create(family_name="DUPONT", first_name="Chloé", birth_date="2012-03-09")
    GuardianTie.objects.update(student=kept)
    family.children[0].schoolings.update(student=kept)
    Student.objects.filter(pk=family.children[0].pk).update(merged_into=kept)
    assert Custody.objects.in_force().filter(holder=mother).count() == 1
    page = guardian.browser.get(PAGE).content.decode()
    assert "chloe.dupont" in page and "Créer les comptes" not in page


def test_a_drawn_password_that_is_too_common_is_drawn_again(declare: Declare) -> None:
    drawn: list[str] = []

    def refuse_the_first(password: str, *_others: object) -> None:
        drawn.append(password)
        if len(drawn) == 1:
            raise ValidationError("common")

    with mock.patch.object(type(MCM), "validate", staticmethod(refuse_the_first)):
        assert children_accounts.new_password(declare().children[0]) == drawn[1]


def test_a_password_that_is_drawn_meets_the_policy() -> None:
    child = Student(first_name="Chloé", family_name="DUPONT")
    drawn = {children_accounts.new_password(child) for _n in range(50)}
    assert len(drawn) == 50
    for password in drawn:
        MCM.validate(password, PasswordContext())


def test_a_guardian_reads_their_own_password_page(declare: Declare, guardian: Guardian) -> None:
    """The pages of a child are not those of its guardian: nothing of hers changes."""
    family = declare()
    mother = arrive(guardian, family)
    make(guardian, *family.children)
    held = Custody.objects.get(holder=mother)
    guardian.browser.post(f"{PAGE}{held.public_id}/mot-de-passe/", {"password": "Mon-secret-4-moi"})
    mother.refresh_from_db()
    assert mother.check_password(PASSWORD)
