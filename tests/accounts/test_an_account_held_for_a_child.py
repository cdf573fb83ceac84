"""An account that guardians hold for a child: its letters, its recovery, and the rights at 15 and 18."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from allauth.account.models import EmailAddress
from django.db import connection, transaction
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import address_change, ages, assistance, custody, personal_data, recovery
from accounts.models import MCM, AddressChange, Custody, Notice, PolicyAcceptance, SignInName, User
from audit.models import Record
from guardians import children_accounts
from guardians.models import Guardianship
from notifications import outbox
from notifications.letters import Context, Letter, NothingToSend, renderer
from notifications.models import Message
from schools.models import GuardianTie, Responsibility, School, Schooling, Student
from tests.guardians.conftest import Declared
from tests.guardians.conftest import declare as declare

from .conftest import PASSWORD, letters_to, shape_of
from .staff import appoint

pytestmark = pytest.mark.django_db(transaction=True)
NEW = "Mon-secret-4-moi"
MOTHER, FATHER = "helene@exemple.fr", "marc@exemple.fr"


def read(message: Message) -> Letter:
    """Write a message as the worker does."""
    context = Context(message.reference, message.to, message.language, message.created_at)
    return renderer(message.kind)(context)


def born(age: int) -> str:
    """Return the birth date of who is this old, and a good deal more."""
    return f"{date.today().year - age - 1}-12-00"


@dataclass
class Held:
    """A child's account, and who holds it."""

    child: User
    mother: User
    father: User

    def be_born(self, birth_date: str) -> None:
        Student.objects.filter(account=self.child).update(birth_date=birth_date)


@pytest.fixture
def held(declare: Callable[..., Declared]) -> Held:
    """Chloé, ten years old, whose parents both hold her account."""
    first = declare({"Chloé": born(10)})
    second = declare(first.children, first_name="Marc", mobile="+33612345679")
    parents = []
    for declared, name, address in ((first, "Hélène", MOTHER), (second, "Marc", FATHER)):
        user = User.objects.create_user(first_name=name, last_name="Dupont", password=PASSWORD)
        SignInName.objects.create(authority="educonnect", name=f"{name[0].lower()}.dupont12", user=user)
        EmailAddress.objects.create(user=user, email=address, verified=True, primary=True)
        Guardianship.objects.create(user=user, tie=declared.tie())
        parents.append(user)
    texts = children_accounts.texts_shown("fr")
    children_accounts.make(parents[0], [str(first.children[0].public_id)], texts=texts)
    child = User.objects.get(student=first.children[0])
    child.set_password(PASSWORD)
    child.save()
    Message.objects.all().delete()
    return Held(child, *parents)


def signed_in(name: str = "chloe.dupont") -> Client:
    browser = Client()
    answer = browser.post("/college/connexion/", {"login": name, "password": PASSWORD})
    assert answer.status_code == 302
    return browser


def test_a_forgotten_password_goes_to_each_holder_and_names_the_child(held: Held) -> None:
    answer = Client().post("/acces-oublie/", {"login": "Chloe.Dupont"})
    assert answer.headers["Location"] == "/acces-oublie/envoye/"
    messages = [*letters_to(MOTHER), *letters_to(FATHER)]
    assert len(messages) == 2 == Message.objects.count()
    for message, other in zip(messages, (FATHER, MOTHER), strict=True):
        letter = read(message)
        assert "Chloé" in letter.subject and "Chloé DUPONT" in letter.text and "chloe.dupont" in letter.text
        assert other not in letter.text + letter.html and "Marc" not in letter.text
    link = re.search(r"http://[^/]+(/mot-de-passe/\S+)", read(messages[0]).text)
    assert link
    reader = Client()
    page = reader.post(link[1], {"password": NEW})
    assert "Chloé DUPONT" in page.content.decode() and "_auth_user_id" not in reader.session
    held.child.refresh_from_db()
    assert held.child.check_password(NEW)
    changed = Message.objects.filter(kind=recovery.KIND_CHANGED).values_list("to", flat=True)
    assert set(changed) == {MOTHER, FATHER}


def test_a_held_child_and_nobody_cost_the_same_number_of_statements(held: Held) -> None:
    shapes = []
    for login in ("chloe.dupont", "personne.ici"):
        with CaptureQueriesContext(connection) as captured:
            Client().post("/acces-oublie/", {"login": login})
        shapes.append([sql.partition(" ")[0] for sql in shape_of(captured)])
    assert shapes[0] == shapes[1]


def test_a_full_mailbox_does_not_silence_the_other_holder(held: Held) -> None:
    for _n in range(3):
        Client().post("/acces-oublie/", {"login": MOTHER})
    Message.objects.all().delete()
    Client().post("/acces-oublie/", {"login": "chloe.dupont"})
    assert [message.to for message in Message.objects.all()] == [FATHER]


def test_a_letter_that_waits_gives_nothing_to_who_was_removed_meanwhile(held: Held) -> None:
    Client().post("/acces-oublie/", {"login": "chloe.dupont"})
    GuardianTie.objects.filter(guardianship__user=held.father).update(responsibility=Responsibility.CONTACT)
    assert read(letters_to(MOTHER)[0]).text
    with pytest.raises(NothingToSend):
        read(letters_to(FATHER)[0])


def link_to(address: str) -> str:
    """Return the link of the last letter to a mailbox."""
    found = re.search(r"http://[^/]+(/mot-de-passe/\S+)", read(letters_to(address)[-1]).text)
    assert found
    return found[1]


def test_each_holder_has_a_link_of_their_own_which_ends_with_their_right(held: Held) -> None:
    Client().post("/acces-oublie/", {"login": "chloe.dupont"})
    hers, his = link_to(MOTHER), link_to(FATHER)
    assert hers != his
    GuardianTie.objects.filter(guardianship__user=held.father).update(removed_at=Now())
    assert Client().get(his).status_code == 410
    assert Client().post(his, {"password": NEW}).status_code == 410
    held.child.refresh_from_db()
    assert not held.child.check_password(NEW)
    assert Client().get(hers).status_code == 200
    Client().post(hers, {"password": NEW})
    held.child.refresh_from_db()
    assert held.child.check_password(NEW)
    record = Record.objects.get(act="password.reset")
    assert (record.actor, record.subject) == (held.mother.subject, held.child.subject)


def test_one_holders_new_password_leaves_the_others_link_without_use(held: Held) -> None:
    Client().post("/acces-oublie/", {"login": "chloe.dupont"})
    hers, his = link_to(MOTHER), link_to(FATHER)
    Client().post(hers, {"password": NEW})
    assert Client().get(his).status_code == 410


def test_each_link_lives_a_day_from_its_own_letter(held: Held) -> None:
    Client().post("/acces-oublie/", {"login": "chloe.dupont"})
    hers, his = link_to(MOTHER), link_to(FATHER)
    left = Message.objects.filter(kind=recovery.KIND)
    left.filter(to=MOTHER).update(state="sent", sent_at=Now() - timedelta(hours=25))
    left.filter(to=FATHER).update(state="sent", sent_at=Now() - timedelta(hours=1))
    assert (Client().get(hers).status_code, Client().get(his).status_code) == (410, 200)


@pytest.mark.parametrize("state", ["dead", "void", "withdrawn"])
def test_a_second_letter_that_never_left_revives_no_old_link(held: Held, state: str) -> None:
    Client().post("/acces-oublie/", {"login": "chloe.dupont"})
    hers = link_to(MOTHER)
    first = letters_to(MOTHER)[0]
    Message.objects.filter(pk=first.pk).update(state="sent", sent_at=Now() - timedelta(hours=25))
    outbox.post_again(first)
    Message.objects.filter(state="waiting", to=MOTHER).update(state=state)
    assert Client().get(hers).status_code == 410
    Message.objects.filter(pk=first.pk).update(state="dead", sent_at=None)  # was it sent? nobody knows
    assert Client().get(hers).status_code == 200
    Message.objects.update(created_at=Now() - timedelta(hours=25))
    assert Client().get(hers).status_code == 410


def test_each_holder_is_written_to_in_a_language_of_their_own(held: Held) -> None:
    User.objects.filter(pk=held.child.pk).update(language="fr")
    User.objects.filter(pk=held.mother.pk).update(language="en")
    Client(headers={"accept-language": "fr"}).post("/acces-oublie/", {"login": "chloe.dupont"})
    said = {message.to: message.language for message in Message.objects.all()}
    assert said == {MOTHER: "en", FATHER: "fr"}
    Message.objects.all().delete()
    assistance.require_new_password(held.child, by=appoint(None, "dane", "70"), reason="Demande")
    assert {message.to: message.language for message in Message.objects.all()} == said


def test_who_erases_their_account_takes_their_link_with_them(held: Held) -> None:
    Client().post("/acces-oublie/", {"login": "chloe.dupont"})
    hers, his = link_to(MOTHER), link_to(FATHER)
    with transaction.atomic():
        personal_data.erase(held.father)
    assert Client().get(his).status_code == 404
    assert Client().get(hers).status_code == 200


def test_a_link_opens_nothing_once_nobody_holds_the_account(held: Held) -> None:
    Client().post("/acces-oublie/", {"login": "chloe.dupont"})
    link = re.search(r"http://[^/]+(/mot-de-passe/\S+)", read(letters_to(MOTHER)[0]).text)
    assert link and Client().get(link[1]).status_code == 200
    GuardianTie.objects.all().update(removed_at=Now())
    reader = Client()
    assert reader.get(link[1]).status_code == 410
    assert reader.post(link[1], {"password": NEW}).status_code == 410
    assert "_auth_user_id" not in reader.session
    held.child.refresh_from_db()
    assert not held.child.check_password(NEW)


def test_a_child_below_fifteen_whom_nobody_holds_agrees_to_nothing_alone(held: Held) -> None:
    held.be_born(born(9))
    PolicyAcceptance.objects.filter(user=held.child).delete()
    GuardianTie.objects.all().update(removed_at=Now())
    child = signed_in()
    assert "Un responsable légal" in child.get("/mon-espace/", follow=True).content.decode()
    child.post("/conditions-nouvelles/", {"accept": "on"})
    assert not PolicyAcceptance.objects.filter(user=held.child).exists()


def test_a_suspended_holder_holds_nothing(held: Held) -> None:
    User.objects.filter(pk=held.father.pk).update(is_active=False)
    Client().post("/acces-oublie/", {"login": "chloe.dupont"})
    assert [message.to for message in Message.objects.all()] == [MOTHER]


def test_nobody_holds_an_account_twice_or_their_own(held: Held) -> None:
    assert not custody.hold(held.child, held.mother)
    assert Custody.objects.filter(child=held.child).count() == 2


def test_the_dane_resets_an_account_by_a_letter_to_its_holders(held: Held) -> None:
    staff = appoint(None, "dane", "70")
    assistance.require_new_password(held.child, by=staff, reason="Demande de la famille")
    assert {message.to for message in Message.objects.all()} == {MOTHER, FATHER}
    held.child.refresh_from_db()
    assert not held.child.has_usable_password()
    GuardianTie.objects.all().delete()
    with pytest.raises(assistance.NobodyHolds):
        assistance.require_new_password(held.child, by=staff, reason="Demande de la famille")


def test_an_address_of_the_childs_own_takes_the_letters_and_holders_are_told_once(held: Held) -> None:
    change = AddressChange.objects.create(user=held.child, address="chloe@exemple.fr")
    address_change.confirm(change)
    told = Message.objects.filter(kind=custody.KIND_ADDRESS)
    assert {message.to for message in told} == {MOTHER, FATHER}
    assert "Chloé DUPONT" in read(told[0]).text and "chloe@exemple.fr" not in read(told[0]).text
    Message.objects.all().delete()
    Client().post("/acces-oublie/", {"login": "chloe.dupont"})
    assert [message.to for message in Message.objects.all()] == ["chloe@exemple.fr"]
    address_change.confirm(AddressChange.objects.create(user=held.child, address="chloe2@exemple.fr"))
    assert not Message.objects.filter(kind=custody.KIND_ADDRESS)


def test_below_fifteen_new_terms_are_accepted_by_a_holder(held: Held) -> None:
    PolicyAcceptance.objects.filter(user=held.child).delete()
    child = signed_in()
    page = child.get("/mon-espace/", follow=True)
    assert "Un responsable légal doit donner son accord" in page.content.decode()
    document = page.wsgi_request.user  # whatever the child sends, nothing is accepted
    child.post("/conditions-nouvelles/", {"document": "1", "accept": "1"})
    assert not document.acceptances.exists()
    mother = Client()
    mother.post("/responsables/connexion/", {"login": "h.dupont12", "password": PASSWORD})
    texts = children_accounts.texts_shown("fr")
    children_accounts.accept_for(held.mother, texts, by=held.mother)  # her own terms
    listed = mother.get("/mes-enfants/comptes/").content.decode()
    assert "J’accepte ces textes pour Chloé" in listed
    row = Custody.objects.get(holder=held.mother)
    mother.post(f"/mes-enfants/comptes/{row.public_id}/accord/", {"text": [text.pk for text in texts]})
    assert set(PolicyAcceptance.objects.filter(user=held.child).values_list("by_guardian", flat=True)) == {
        True
    }
    assert child.get("/mon-espace/").status_code == 200


def test_at_fifteen_everybody_is_told_once_and_the_child_accepts_alone(held: Held) -> None:
    held.be_born("2011-11-00")
    assert custody.follow_ages(date(2026, 11, 29)) == 0  # perhaps born on the 30th
    assert custody.follow_ages(date(2026, 11, 30)) == 1
    assert custody.follow_ages(date(2026, 11, 30)) == 0
    told = Message.objects.filter(kind=custody.KIND_FIFTEEN)
    assert {message.to for message in told} == {MOTHER, FATHER} and told.count() == 2
    assert "Chloé DUPONT a 15 ans" in read(told[0]).text
    assert Custody.objects.open().count() == 2
    child = signed_in()
    assert "Vous avez 15 ans" in child.get("/mon-espace/").content.decode()
    child.post("/mon-espace/lu/", {"kind": "password_given"})  # another one, that came since
    assert "Vous avez 15 ans" in child.get("/mon-espace/").content.decode()
    child.post("/mon-espace/lu/", {"kind": "fifteen"})
    assert "Vous avez 15 ans" not in child.get("/mon-espace/").content.decode()
    assert custody.follow_ages(date(2026, 12, 1)) == 0
    held.be_born(born(15))
    PolicyAcceptance.objects.filter(user=held.child).delete()
    assert "Un responsable légal" not in child.get("/mon-espace/", follow=True).content.decode()


def test_from_fifteen_on_the_child_sees_that_a_password_was_given(held: Held) -> None:
    row = Custody.objects.get(holder=held.mother)
    custody.give_password(row, NEW, by=held.mother)
    assert not Notice.objects.exists()
    held.be_born(born(15))
    custody.give_password(row, PASSWORD, by=held.mother)
    assert "un de vos responsables légaux a donné" in signed_in().get("/mon-espace/").content.decode()
    custody.read(held.child, kinds=[Notice.Kind.PASSWORD_GIVEN])
    custody.give_password(row, PASSWORD, by=held.mother)
    assert "un de vos responsables légaux a donné" in signed_in().get("/mon-espace/").content.decode()


def test_at_eighteen_the_account_is_its_owners_alone_and_an_address_is_asked_for(held: Held) -> None:
    held.be_born("2008-11-27")
    assert custody.follow_ages(date(2026, 11, 26)) == 1  # long past 15, and never told
    Message.objects.all().delete()
    assert custody.follow_ages(date(2026, 11, 27)) == 1
    assert custody.follow_ages(date(2026, 11, 27)) == 0
    told = Message.objects.filter(kind=custody.KIND_EIGHTEEN)
    assert {message.to for message in told} == {MOTHER, FATHER} and "18 ans" in read(told[0]).text
    assert not Custody.objects.open().exists()
    assert Record.objects.filter(act=custody.ENDED).count() == 1
    Message.objects.all().delete()
    Client().post("/acces-oublie/", {"login": "chloe.dupont"})
    assert not Message.objects.exclude(to="")
    mother = Client()
    mother.force_login(held.mother)
    child = signed_in()
    assert child.get("/mon-espace/")["Location"].startswith("/mon-adresse/")
    assert "18 ans" in child.get("/mon-adresse/").content.decode()
    assert "adresse" in child.post("/mon-adresse/", {"address": ""}).content.decode()
    typed = {"address": "chloe@exemple.fr", "address_again": "chloe@exemple.fr"}
    assert child.post("/mon-adresse/", typed)["Location"] == "/mon-compte/"
    assert AddressChange.objects.get().address == "chloe@exemple.fr"
    assert "Vous avez 18 ans" in child.get("/mon-espace/").content.decode()
    children_accounts.share_of(held.child.student)
    assert not Custody.objects.open().exists()  # and never again


def test_who_has_no_address_at_eighteen_is_not_shut_out(held: Held) -> None:
    held.be_born("2008-11-27")
    custody.follow_ages(date(2026, 11, 27))
    child = signed_in()
    assert child.post("/mon-adresse/", {"later": "1"})["Location"] == "/mon-espace/"
    assert child.get("/mon-espace/").status_code == 200


def test_an_age_is_reached_on_the_latest_possible_day() -> None:
    for birth_date, day in (
        ("2011-03-09", date(2026, 3, 9)),
        ("2011-03-00", date(2026, 3, 31)),
        ("2011-00-00", date(2026, 12, 31)),
        ("2012-02-29", date(2027, 3, 1)),
        ("2012-02-00", date(2027, 3, 1)),
        ("", None),
    ):
        assert ages.reaches(birth_date, 15) == day, birth_date


def test_a_child_in_two_schools_of_two_levels_has_both_years(held: Held) -> None:
    """Made anew, with the schools as they are now."""
    student = held.child.student
    held.child.delete()
    other = School.objects.get(uai="0501271K")
    other.pk, other.uai, other.kind = None, "0501272L", School.Kind.LYCEE
    other.public_id = student.public_id
    other.save(force_insert=True)
    Schooling.objects.create(student=student, school=other, school_year=2026)
    contact = held.mother.guardianships.get().tie.contact
    contact.pk, contact.school, contact.public_id = None, other, student.public_id
    contact.save(force_insert=True)
    tie = GuardianTie.objects.create(contact=contact, student=student, responsibility="legal")
    Guardianship.objects.create(user=held.mother, tie=tie)
    children_accounts.make(held.mother, [str(student.public_id)], texts=children_accounts.texts_shown("fr"))
    account = User.objects.get(student=student)
    assert set(account.enrolments.values_list("level", flat=True)) == {"college", "lycee"}
    assert account.sign_in_names.get().authority == MCM
