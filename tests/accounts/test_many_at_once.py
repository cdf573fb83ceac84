"""Forty-five at the same door at the same moment: one account each, one per address, one per name (SAFETY
G9, F14, T29). Real connections, real commits."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db import OperationalError, connection, transaction
from django.utils import timezone

from accounts import registration
from accounts.models import PolicyDocument, Registration, SignInName, User
from audit.models import Record
from notifications.models import Message
from schools.models import Academy
from tests.abreast import abreast
from throttling.models import Counter

pytestmark = pytest.mark.django_db(transaction=True)
CROWD = 45


@pytest.fixture
def sign_up(portal: None) -> Callable[..., registration.SignUp]:
    """Make a clean sign-up; what differs is given."""
    academy = Academy.objects.get(code="70")
    terms = PolicyDocument.objects.in_force("terms").get()

    def make(**changes: Any) -> registration.SignUp:
        facts: dict[str, Any] = {
            "submission": uuid.uuid4(),
            "level": "college",
            "username": "jeanne.dupont",
            "password": "tZ7#kqpLw",
            "first_name": "Jeanne",
            "last_name": "Dupont",
            "academy_id": academy.pk,
            "department_id": academy.departments.get(code="14").pk,
            "country": "",
            "profile": "enseignant",
            "age_group": "",
            "address": "jeanne@exemple.fr",
            "terms_id": terms.pk,
            "terms_accepted_at": timezone.now(),
        }
        return registration.SignUp(**{**facts, **changes})

    return make


def register(sign_up: registration.SignUp, number: int = 0) -> Callable[[], Registration]:
    return lambda: registration.register(
        sign_up, device=f"device-{number}", client="192.0.2.1", browser=f"browser-{number}"
    )


def test_one_name_goes_to_one_of_forty_five(sign_up) -> None:
    acts = [register(sign_up(address=f"famille{number}@exemple.fr"), number) for number in range(CROWD)]
    answers = abreast(*acts)
    assert sum(isinstance(answer, Registration) for answer in answers) == 1
    assert sum(isinstance(answer, registration.NameTaken) for answer in answers) == CROWD - 1
    assert Registration.objects.count() == Message.objects.count() == SignInName.objects.count() == 1


def test_one_form_sent_forty_five_times_is_one_sign_up(sign_up) -> None:
    answers = abreast(*(register(sign_up(submission=uuid.UUID(int=7))) for _ in range(3)))
    assert {answer.pk for answer in answers} == {Registration.objects.get().pk}
    answers = abreast(*(register(sign_up(submission=uuid.UUID(int=7))) for _ in range(CROWD)))
    assert {answer.pk for answer in answers} == {Registration.objects.get().pk}
    assert Registration.objects.count() == Message.objects.count() == 1


def test_one_address_becomes_one_account_of_forty_five_sign_ups(sign_up) -> None:
    rivals = []
    for number in range(CROWD):
        Counter.objects.all().delete()
        rivals.append(register(sign_up(username=f"jeanne.{number}"), number)())
    answers = abreast(*(lambda rival=rival: registration.confirm(rival) for rival in rivals))
    assert sum(isinstance(answer, User) for answer in answers) == 1
    assert all(
        isinstance(answer, User | registration.AddressTaken | registration.AlreadyConfirmed)
        for answer in answers
    )
    assert User.objects.count() == EmailAddress.objects.count() == 1
    assert not Registration.objects.waiting().exists()
    assert SignInName.objects.get().user == User.objects.get()


def test_one_link_opened_forty_five_times_makes_one_person(sign_up) -> None:
    waiting = register(sign_up())()
    answers = abreast(*(lambda: registration.confirm(waiting) for _ in range(CROWD)))
    assert sum(isinstance(answer, User) for answer in answers) == 1
    assert sum(isinstance(answer, registration.AlreadyConfirmed) for answer in answers) == CROWD - 1


def someone_waits_for_a_lock() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")  # a transaction sees what it saw before
        cursor.execute("SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'")
        return bool(cursor.fetchone()[0])


def beside(
    act: Callable[[], Any], meanwhile: Callable[[], Any], *, then: Callable[[], Any] = lambda: None
) -> Any:
    """Begin ``act`` when ``meanwhile`` has run and is not committed yet; return what it gave or raised.

    ``then`` goes on with the transaction of ``meanwhile`` once ``act`` waits for it.
    """
    answers: list[Any] = []
    other = threading.Thread(target=lambda: answers.extend(abreast(act)))
    with transaction.atomic():
        meanwhile()
        other.start()
        for _moment in range(200):
            if not other.is_alive() or someone_waits_for_a_lock():
                break
            time.sleep(0.02)
        then()
    other.join()
    return answers[0]


def test_not_me_at_the_moment_of_the_confirmation_does_not_say_that_it_is_forgotten(sign_up) -> None:
    waiting = register(sign_up())()
    answer = beside(lambda: registration.disown(waiting), lambda: registration.confirm(waiting))
    assert isinstance(answer, registration.AlreadyConfirmed)
    assert Registration.objects.get().user == User.objects.get() == SignInName.objects.get().user
    assert not Record.objects.filter(act=registration.REGISTRATION_DISOWNED).exists()


def test_the_purge_leaves_what_is_confirmed_at_this_moment(sign_up) -> None:
    waiting = register(sign_up())()
    late = timezone.now() + registration.LIVES
    answer = beside(lambda: registration.purge(late), lambda: registration.confirm(waiting))
    assert answer == 0
    assert Registration.objects.get().user == User.objects.get()


def forget_when_old(_waiting: Registration) -> int:
    return registration.purge(timezone.now() + registration.LIVES)


@pytest.mark.parametrize("act", [registration.disown, forget_when_old])
def test_who_confirms_and_who_forgets_take_rows_in_one_order(sign_up, act) -> None:
    waiting = register(sign_up())()
    answer = beside(
        lambda: act(waiting),
        lambda: Registration.objects.select_for_update().get(),  # as a confirmation begins
        then=lambda: SignInName.objects.update(name="jeanne"),  # and goes on
    )
    assert not isinstance(answer, Exception)
    assert SignInName.objects.count() == Registration.objects.count()


def test_a_sign_up_that_postgresql_could_not_write_costs_no_letter(
    sign_up: Callable[..., registration.SignUp], portal: None
) -> None:
    """Three pages 503, and the fourth try is a sign-up like any other (SAFETY F11)."""
    asked = sign_up()

    def register() -> Registration:
        return registration.register(asked, device="d", client="192.0.2.1", browser="b")

    locked, free = threading.Event(), threading.Event()

    def hold_the_table() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("LOCK TABLE accounts_registration IN ACCESS EXCLUSIVE MODE")
            locked.set()
            free.wait(60)
        connection.close()

    holder = threading.Thread(target=hold_the_table)
    holder.start()
    assert locked.wait(60)
    with connection.cursor() as cursor:
        cursor.execute("SET lock_timeout = 50")
    try:
        for _try in range(3):
            with pytest.raises(OperationalError):
                register()
    finally:
        free.set()
        holder.join()
        connection.close()  # and its short patience with it
    assert register().address == asked.address
