"""A pupil's account of the ENT: whoever answers for the child gets the link that opens it again."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from accounts import recovery
from accounts.models import PUPILS, Custody, PolicyAcceptance, PolicyDocument, SignInName, User
from guardians import children_accounts
from guardians.models import ContactAccount, Guardianship
from notifications import letters
from notifications.models import Message
from schools.models import Responsibility
from tests.accounts.heads import browser_of
from tests.guardians.conftest import Declared
from tests.support.conftest import signed_in

pytestmark = pytest.mark.django_db
PASSWORD = "Brume-Lac42!"


@pytest.fixture
def account(declare: Callable[..., Declared]) -> User:
    """Chloé, ten years old, came in with a letter of her school."""
    child = declare({"Chloé": "2016-05-01"}).children[0]
    made = User.objects.create_user(
        first_name="Chloé", last_name="DUPONT", password=PASSWORD, student=child, held_by_guardians=True
    )
    SignInName.objects.create(authority=PUPILS, name="chloe.dupont27", user=made)
    return made


def guardian_of(declared_to: User, name: str = "helene") -> User:
    """Tie an account to the contact that the school declared for her."""
    assert declared_to.student is not None
    tie = declared_to.student.ties.get()
    mother = User.objects.create_user(first_name="Hélène", last_name="Dupont", password=PASSWORD)
    SignInName.objects.create(authority="educonnect", name=f"h.{name}12", user=mother)
    EmailAddress.objects.create(user=mother, email=f"{name}@exemple.fr", verified=True, primary=True)
    ContactAccount.objects.create(contact=tie.contact, user=mother)
    Guardianship.objects.create(user=mother, tie=tie)
    PolicyAcceptance.objects.create(user=mother, document=PolicyDocument.objects.in_force("terms").get())
    return mother


def forget() -> list[str]:
    """Ask at the pupils' door; return where a link went."""
    answer = Client().post("/eleves/acces-oublie/", {"login": "chloe.dupont27"})
    assert answer.status_code == 302
    return list(Message.objects.filter(kind="accounts.recovery").exclude(to="").values_list("to", flat=True))


def test_her_mother_holds_the_account_once_she_is_tied_and_gets_the_link(account: User) -> None:
    assert forget() == []
    mother = guardian_of(account)
    assert children_accounts.share_all() == 1 and children_accounts.share_all() == 0
    assert Custody.objects.get().holder == mother
    assert forget() == ["helene@exemple.fr"]


def test_whoever_is_only_in_charge_holds_nothing(account: User) -> None:
    guardian_of(account)
    assert account.student is not None
    account.student.ties.update(responsibility=Responsibility.IN_CHARGE)
    assert children_accounts.share_all() == 0 and forget() == []


def test_a_pupils_own_account_of_mcm_is_nobodys_to_hold(account: User) -> None:
    guardian_of(account)
    SignInName.objects.update(authority="mcm")
    User.objects.filter(pk=account.pk).update(held_by_guardians=False)
    assert children_accounts.share_all() == 0


def test_her_mother_does_not_close_what_the_school_opened_nor_accepts_terms_for_it(account: User) -> None:
    mother = guardian_of(account)
    children_accounts.share_all()
    (child,) = children_accounts.children_of(mother)
    assert child.names == ["chloe.dupont27"] and not child.may_be_closed and child.owes_consent == []
    held = Custody.objects.get()
    answer = signed_in(mother).post(f"/mes-enfants/comptes/{held.public_id}/fermer/")
    assert answer.status_code == 409 and User.objects.filter(pk=account.pk).exists()


def test_a_password_that_she_gives_keeps_to_the_rule_of_the_ent(account: User) -> None:
    mother = guardian_of(account)
    children_accounts.share_all()
    browser, held = signed_in(mother), Custody.objects.get()
    where = f"/mes-enfants/comptes/{held.public_id}/mot-de-passe/"
    assert browser.post(where, {"password": "Brumelac42€"}).status_code == 200  # € is none of its specials
    assert browser.post(where, {"password": "Brume-Ciel42!"}).status_code == 302


def test_what_her_mother_is_written_speaks_of_the_ent_and_leads_to_its_door(account: User) -> None:
    guardian_of(account)
    children_accounts.share_all()
    forget()
    recovery.tell_of_new_password(account)
    sent = list(Message.objects.filter(to="helene@exemple.fr"))
    assert len(sent) >= 2
    for message in sent:
        said = rendered(message)
        assert "l’ENT" in said.subject + said.text and "Ma classe" not in said.subject, message.kind
    changed = rendered(Message.objects.get(kind=recovery.KIND_CHANGED))
    assert "l’ENT" in changed.text and "/eleves/acces-oublie/" in changed.text


def test_her_mother_reads_that_the_account_is_the_schools_and_nothing_of_fifteen(account: User) -> None:
    mother = guardian_of(account)
    children_accounts.share_all()
    held = Custody.objects.get()
    answer = browser_of(mother).post(f"/mes-enfants/comptes/{held.public_id}/fermer/")
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "quitte l’établissement" in page and "15 ans" not in page


def rendered(message: Message) -> letters.Letter:
    """Return a letter as it is sent."""
    context = letters.Context(message.reference, message.to, "fr", message.created_at)
    return letters.renderer(message.kind)(context)
