"""One act ends all sessions of a school, and old passwords open nothing (SAFETY G16, T52, F6, F14)."""

from __future__ import annotations

from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.db.models.functions import Now
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts import crowds, recovery, school_resets
from accounts.models import Custody, OpenSession, OtherPost, SchoolReset, SignInName, User
from audit.models import Record
from guardians.models import ContactAccount, Guardianship
from notifications import letters
from notifications.letters import Context
from notifications.models import Message
from schools.models import GuardianContact, GuardianTie, School
from tests.guardians.conftest import school
from throttling import limits

from .conftest import portal as portal
from .heads import HOME, PASSWORD, account, browser_of, colleague, head_of, pupil, text_of
from .staff import appoint, staff_client
from .test_an_otp_key import PIN, activate, code_of

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("portal")]
PAGE = f"{HOME}securite/"
OTHER = "0690001B"
WHY = "Des menaces partent de comptes volés."


def typed(**changes: Any) -> dict[str, Any]:
    return {"reason": WHY, "confirmed": "on", "submission": str(uuid4()), **changes}


def ask(at: School, by: User, *optional: str) -> SchoolReset:
    return school_resets.ask(at, optional=frozenset(optional), submission=uuid4(), by=by, reason=WHY)


def finish(asked: SchoolReset) -> SchoolReset:
    assert school_resets.work(str(asked.public_id))
    asked.refresh_from_db()
    return asked


def guardian_of(at: School, child: Any, **tie: Any) -> User:
    contact = GuardianContact.objects.create(school=at, family_name="DUPONT", first_name="Hélène")
    said = GuardianTie.objects.create(contact=contact, student=child, responsibility="legal", **tie)
    mother = account("Hélène")
    ContactAccount.objects.create(contact=contact, user=mother)
    Guardianship.objects.create(user=mother, tie=said)
    return mother


def sign_in(user: User, password: str = PASSWORD) -> Any:
    name = user.sign_in_names.get().name
    return Client().post("/college/connexion/", {"login": name, "password": password})


def test_everybody_is_out_and_the_old_password_leads_to_one_page_only() -> None:
    at = school()
    head = head_of(at)
    lea, teacher = (
        account("Léa", student=pupil(at, "Léa")),
        account("Nadia", staff_member=colleague(at, "Nadia")),
    )
    stranger = account("Zoé", student=pupil(school(OTHER, "École Jean Macé"), "Zoé"))
    browsers = {user: browser_of(user) for user in (lea, teacher, stranger, head)}
    before = head.password
    answer = browsers[head].post(PAGE, typed())
    asked = SchoolReset.objects.get()
    assert answer["Location"] == f"{PAGE}{asked.public_id}/" and asked.expected == 2
    assert "Les sessions se ferment" in text_of(browsers[head].get(answer["Location"]))
    asked = finish(asked)
    assert (asked.closed, asked.told, asked.untold) == (2, 2, 0)
    said = text_of(browsers[head].get(answer["Location"]))
    assert "Toutes les sessions sont fermées" in said and "Comptes fermés 2" in said
    for user in (lea, teacher):
        assert browsers[user].get("/mon-compte/")["Location"].startswith("/connexion/")
        assert sign_in(user)["Location"] == "/connexion/nouveau-mot-de-passe/"
        assert "n’est pas bon" in sign_in(user, "Autre-mot-2-passe!").content.decode()
        user.refresh_from_db()
        assert user.session_epoch == 1 and not user.has_usable_password()
    page = Client().get("/connexion/nouveau-mot-de-passe/")
    assert "Il faut un nouveau mot de passe" in text_of(page) and "Léa" not in page.content.decode()
    # The head goes on working; another school knows nothing of it.
    head.refresh_from_db()
    assert head.password == before and browsers[head].get(HOME).status_code == 200
    assert OpenSession.objects.filter(user=stranger).exists() and sign_in(stranger).status_code == 302


def test_the_letter_leads_to_a_new_password_and_that_one_opens() -> None:
    at = school()
    lea = account("Léa", student=pupil(at, "Léa"))
    earlier = recovery.RecoveryRequest.objects.create(user=lea)
    finish(ask(at, head_of(at)))
    assert not recovery.is_current(recovery.RecoveryRequest.objects.get(pk=earlier.pk))
    message = Message.objects.get(kind=recovery.KIND)
    assert (message.to, message.academy) == (lea.address(), "70")
    letter = letters.renderer(message.kind)(Context(message.reference, message.to, "fr", message.created_at))
    link = next(word for word in letter.text.split() if "/mot-de-passe/" in word)
    path = "/" + link.split("/", 3)[3]
    Client().post(path, {"password": "Brume-sur-le-lac-42", "confirmation": "Brume-sur-le-lac-42"})
    lea.refresh_from_db()
    assert lea.check_password("Brume-sur-le-lac-42")
    assert "n’est pas bon" in sign_in(lea).content.decode()  # the old one is an old one, like any other


def test_a_child_without_an_address_is_told_by_who_holds_the_account() -> None:
    at = school()
    child = pupil(at, "Chloé")
    chloe = account("Chloé", address=False, student=child)
    mother = guardian_of(at, child)
    Custody.objects.create(child=chloe, holder=mother)
    account("Hugo", address=False, student=pupil(at, "Hugo"))
    asked = finish(ask(at, head_of(at)))
    assert (asked.closed, asked.told, asked.untold) == (2, 1, 1)
    assert Message.objects.get(kind=recovery.KIND).to == mother.address()
    mother.refresh_from_db()
    assert mother.has_usable_password()


def test_guardians_are_taken_along_only_where_somebody_says_so_and_nobody_twice() -> None:
    at = school()
    mother = guardian_of(at, pupil(at, "Chloé"))
    User.objects.filter(pk=mother.pk).update(staff_member=colleague(at, "Hélène"))  # she teaches here, too
    father = guardian_of(at, pupil(at, "Hugo"))
    head = head_of(at)
    browser = browser_of(head)
    assert "Aussi : Responsables légaux" in text_of(browser.get(PAGE))
    asked = finish(ask(at, head))
    assert asked.crowds == ["pupils", "staff", "shared_staff"] and asked.closed == 1
    browser.post(PAGE, typed(with_guardians="on"))
    asked = finish(SchoolReset.objects.latest("pk"))
    assert asked.crowds == ["pupils", "staff", "shared_staff", "guardians"]
    assert asked.closed == 2
    for user in (mother, father):
        user.refresh_from_db()
        assert not user.has_usable_password()
    assert Record.objects.filter(act="password.closed_with_school", subject=mother.subject).count() == 2


def test_who_has_a_role_in_the_administration_is_left_alone() -> None:
    at = school()
    dane = appoint(account("Anne", staff_member=colleague(at, "Anne")), "dane", "70")
    asked = finish(ask(at, head_of(at)))
    assert asked.closed == 0
    dane.refresh_from_db()
    assert dane.has_usable_password()


def test_a_second_click_is_the_same_reset_and_so_is_another_tab() -> None:
    at = school()
    head = head_of(at)
    account("Léa", student=pupil(at, "Léa"))
    browser, sent = browser_of(head), typed()
    first = browser.post(PAGE, sent)["Location"]
    assert browser.post(PAGE, sent)["Location"] == first
    assert browser.post(PAGE, typed())["Location"] == first  # while it is under way
    finish(SchoolReset.objects.get())
    assert browser.post(PAGE, sent)["Location"] == first
    assert SchoolReset.objects.count() == 1 and Message.objects.filter(kind=recovery.KIND).count() == 1
    assert Record.objects.filter(act="school.reset_asked").count() == 1


def test_what_is_missing_is_said_and_nothing_typed_is_lost() -> None:
    browser = browser_of(head_of())
    said = text_of(browser.post(PAGE, typed(confirmed="", reason="Menaces")))
    assert "Cochez la case" in said and "dix caractères au moins" in said and "Menaces" in said
    assert not SchoolReset.objects.exists()
    answer = browser_of(User.objects.get(first_name="Samir"), proved=False).post(PAGE, typed())
    assert answer["Location"].startswith("/mon-compte/identite/") and not SchoolReset.objects.exists()


def test_five_a_day_are_enough_for_a_school() -> None:
    at = school()
    head = head_of(at)
    for _turn in range(5):
        finish(ask(at, head))
    with pytest.raises(limits.Refused):
        ask(at, head)
    assert "cinquième fois" in text_of(browser_of(head).post(PAGE, typed()))


def test_nobody_resets_a_school_that_is_not_theirs() -> None:
    elsewhere = school(OTHER, "École Jean Macé")
    head, teacher = head_of(), account("Nadia", staff_member=colleague(school(), "Nadia"))
    asked = ask(elsewhere, head_of(elsewhere, "Anne"))
    for by, at in (
        (head, elsewhere),
        (teacher, school()),
        (appoint(None, "support", "70"), school()),
        (appoint(None, "dane", "10"), school()),
    ):
        with pytest.raises(school_resets.NotAllowed):
            ask(at, by)
    assert browser_of(head).get(f"{PAGE}{asked.public_id}/").status_code == 404


def test_the_dane_does_it_from_the_page_of_the_school_and_the_head_is_out_as_well() -> None:
    at = school()
    head = head_of(at)
    dane = appoint(None, "dane", "70")
    office = staff_client(dane)
    page = f"/administration/schools/school/{at.pk}/"
    assert "Fermer toutes les sessions" in office.get(f"{page}change/").content.decode()
    assert "Aussi" in office.get(f"{page}acte/remettre-a-zero/").content.decode()
    sent = {"reason": WHY, "submission": str(uuid4())}
    assert "C’est en cours" in text_of(office.post(f"{page}acte/remettre-a-zero/", sent, follow=True))
    asked = finish(SchoolReset.objects.get())
    assert asked.asker == dane.subject and asked.closed == 1
    head.refresh_from_db()
    assert not head.has_usable_password()
    noted = Record.objects.get(act="school.reset_asked")
    assert (noted.subject, noted.academy, noted.reason) == (at.subject, "70", WHY)
    assert staff_client(appoint(None, "dane", "10")).get(f"{page}acte/remettre-a-zero/").status_code == 404


# --- a crowd --------------------------------------------------------------------------------------


def crowd(at: School, number: int) -> None:
    """Give a school so many pupils with accounts and addresses, by a few statements."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            WITH child AS (
                INSERT INTO schools_student (public_id, ine, family_name, first_name, usage_name,
                    other_first_names, birth_date, sex)
                SELECT gen_random_uuid(), '', 'DUPONT', 'Élève', '', '', '2012-03-09', ''
                FROM generate_series(1, %(number)s) RETURNING id
            ), place AS (
                INSERT INTO schools_schooling (student_id, school_id, school_year)
                SELECT id, %(school)s, 2026 FROM child
            ), person AS (
                INSERT INTO accounts_user (password, is_superuser, public_id, username, first_name, last_name,
                    language, is_active, is_staff, session_epoch, student_id)
                SELECT 'argon2$x', false, gen_random_uuid(), replace(gen_random_uuid()::text, '-', ''),
                    'Élève', 'Dupont', 'fr', true, false, 0, id FROM child RETURNING id
            ), session AS (
                INSERT INTO accounts_opensession (session_key, session_data, expire_date, public_id, user_id,
                    device, network)
                SELECT left(replace(gen_random_uuid()::text, '-', ''), 32), '', now() + interval '1 hour',
                    gen_random_uuid(), id, '', '' FROM person
            )
            INSERT INTO account_emailaddress (email, verified, "primary", user_id)
            SELECT 'eleve' || id || '@exemple.fr', true, true, id FROM person
            """,
            {"number": number, "school": at.pk},
        )


def test_a_chunk_costs_the_same_statements_whether_it_is_of_ten_or_of_five_hundred() -> None:
    at, large = school(), school(OTHER, "École Jean Macé")
    crowd(at, 10)
    crowd(large, school_resets.CHUNK)

    def statements(place: School) -> int:
        asked = ask(place, head_of(place))
        with CaptureQueriesContext(connection) as captured:
            assert school_resets.take(str(asked.public_id))
        asked.refresh_from_db()
        assert asked.closed == asked.told == asked.expected
        return len(captured)

    assert statements(at) == statements(large) <= 20


def test_five_thousand_are_done_chunk_by_chunk_and_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    at = school()
    crowd(at, 5_000)
    sizes: list[int] = []
    close = recovery.make_many_choose

    def counted(keys: list[int], *, academy: str) -> int:
        sizes.append(len(keys))
        return close(keys, academy=academy)

    monkeypatch.setattr(recovery, "make_many_choose", counted)
    monkeypatch.setattr(school_resets, "PATIENCE", 600)
    asked = finish(ask(at, head_of(at)))
    assert sizes == [school_resets.CHUNK] * 10
    assert (asked.closed, asked.told, asked.percent) == (5_000, 5_000, 100)
    assert not OpenSession.objects.exists()
    assert not User.objects.filter(student__isnull=False, session_epoch=0).exists()
    assert Message.objects.filter(kind=recovery.KIND).values("to").distinct().count() == 5_000


def test_a_worker_that_dies_in_a_chunk_leaves_nothing_half_done_and_another_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    at = school()
    crowd(at, school_resets.CHUNK + 20)
    asked = ask(at, head_of(at))
    assert school_resets.take(str(asked.public_id))

    def dies(*_args: Any, **_said: Any) -> int:
        raise ConnectionError

    with monkeypatch.context() as dying:
        dying.setattr(school_resets.journal, "record_all", dies)
        with pytest.raises(ConnectionError):
            school_resets.take(str(asked.public_id))
    asked.refresh_from_db()
    assert asked.closed == school_resets.CHUNK and OpenSession.objects.count() == 20
    soon: list[str] = []
    monkeypatch.setattr(school_resets, "soon", lambda task, public_id: soon.append(str(public_id)))
    assert school_resets.sweep() == 0  # somebody holds it still
    SchoolReset.objects.update(held_until=Now())
    assert school_resets.sweep() == 1 and soon == [str(asked.public_id)]
    asked = finish(asked)
    assert asked.closed == asked.expected == school_resets.CHUNK + 20
    assert Message.objects.filter(kind=recovery.KIND).count() == asked.expected
    assert school_resets.sweep() == 0


def test_who_comes_after_it_was_asked_for_keeps_the_new_password() -> None:
    at = school()
    asked = ask(at, head_of(at))
    newcomer = account("Inès", student=pupil(at, "Inès"))
    User.objects.filter(pk=newcomer.pk).update(joined_at="2100-01-01T00:00Z")
    assert finish(asked).closed == 0


def test_the_people_of_a_school_are_found_by_indexes() -> None:
    at = school()
    crowd(at, 50)
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        people = crowds.people_of(
            at, [each.code for each in crowds.registered()], but=school_resets._left_alone(1)
        )
        statement, values = people.order_by("pk")[:500].query.sql_with_params()
        cursor.execute(f"EXPLAIN {statement}", values)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    assert "Seq Scan" not in plan, plan


def test_a_reset_is_forgotten_after_a_year() -> None:
    at = school()
    finish(ask(at, head_of(at)))
    school_resets.purge()
    assert SchoolReset.objects.count() == 1
    SchoolReset.objects.update(finished_at="2020-01-01T00:00Z")
    school_resets.purge()
    assert not SchoolReset.objects.exists()


# --- one person -----------------------------------------------------------------------------------


def test_one_person_asked_for_a_new_password_reads_the_same_page() -> None:
    user = account("Jeanne")
    user.close_password()
    user.close_password()  # twice is once
    user.save()
    assert sign_in(user)["Location"] == "/connexion/nouveau-mot-de-passe/"
    user.set_unusable_password()  # never had one
    user.save()
    assert "n’est pas bon" in sign_in(user, user.password[1:]).content.decode()


# --- a new device ---------------------------------------------------------------------------------


def test_a_pupil_who_comes_on_a_new_device_is_written_to_and_on_a_known_one_not() -> None:
    lea = account("Léa", student=pupil(school(), "Léa"))
    name = lea.sign_in_names.get().name
    phone, thief = Client(), Client()

    def comes(browser: Client) -> int:
        browser.post("/college/connexion/", {"login": name, "password": PASSWORD})
        browser.post("/deconnexion/")
        return Message.objects.filter(kind="accounts.new_device").count()

    assert comes(phone) == 0  # the first time ever
    assert comes(phone) == 0
    assert comes(thief) == 1
    assert Message.objects.get(kind="accounts.new_device").to == lea.address()
    assert [comes(Client()) for _other in range(4)] == [2, 3, 3, 3]
    User.objects.filter(pk=lea.pk).update(
        session_epoch=7
    )  # staff ended the sessions: the phone is hers still
    Message.objects.all().delete()
    assert comes(phone) == 0


def test_who_signed_up_by_themselves_is_not_written_to_for_each_computer() -> None:
    jeanne = account("Jeanne")
    name = jeanne.sign_in_names.get().name
    for _twice in range(2):
        Client().post("/college/connexion/", {"login": name, "password": PASSWORD})
    assert not Message.objects.exists()


def test_the_otp_key_that_a_thief_has_set_up_opens_nothing_afterwards() -> None:
    at = school()
    member = colleague(at, "Nadia", identifier="nroux")
    nadia = account("Nadia", staff_member=member)
    SignInName.objects.create(authority="academie:70", name="nroux", user=nadia)
    seed, _spare = activate(nadia)
    finish(ask(at, head_of(at)))
    typed_code = {"login": "nroux", "password": f"{PIN}{code_of(seed)}"}
    answer = Client().post("/personnels/70/connexion/", typed_code)
    assert answer.status_code == 200 and not OpenSession.objects.filter(user=nadia).exists()


def test_who_came_first_by_another_school_is_reset_as_well() -> None:
    """Their account opens this school too: whoever stole it must not stay (SAFETY G16)."""
    at, first = school(), school("0690001B", "École Jean Macé")
    shared = account("Farida", staff_member=colleague(first, "Farida"))
    OtherPost.objects.create(user=shared, staff_member=colleague(at, "Farida"))
    finish(ask(at, head_of(at)))
    shared.refresh_from_db()
    assert not shared.has_usable_password()
