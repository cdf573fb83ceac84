"""What is counted stays counted, for everybody and whatever happens next."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from threading import Barrier

import pytest
from django.db import connection, transaction
from django.db.models import F
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries, Settings

from throttling import tasks
from throttling.limits import Limit, Refused, clear, hit, peek
from throttling.models import Counter

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def guesses(key: str = "jeanne", *, most: int = 3, per: timedelta = HOUR) -> Limit:
    """Return a limit of three guesses an hour for one account."""
    return Limit("test.guesses", key, most, per)


def let_pass(time: timedelta) -> None:
    """Let time go by for the counters: the clock is the database's, so their windows move instead."""
    Counter.objects.update(resets_at=F("resets_at") - time)


@pytest.mark.django_db
def test_the_fourth_of_three_guesses_is_refused_and_says_until_when() -> None:
    for _ in range(3):
        hit(guesses())
    with pytest.raises(Refused) as refusal:
        hit(guesses())
    assert refusal.value.limit == guesses()
    assert refusal.value.retry_at - refusal.value.now == HOUR
    assert refusal.value.wait == "dans une heure"
    hit(guesses("somebody else"))


@pytest.mark.django_db
def test_a_window_starts_with_the_first_hit_and_refusals_do_not_lengthen_it() -> None:
    for _ in range(3):
        hit(guesses())
    let_pass(timedelta(minutes=59))
    with pytest.raises(Refused) as refusal:
        hit(guesses())
    assert refusal.value.wait == "dans une minute"
    let_pass(timedelta(minutes=1))
    assert peek(guesses()) == 0
    hit(guesses())
    assert peek(guesses()) == 1


@pytest.mark.django_db
def test_several_limits_are_counted_in_one_statement() -> None:
    asked = [guesses(), guesses(per=DAY), Limit("test.device", "d", 9, HOUR), guesses("other")]
    with CaptureQueriesContext(connection) as queries:
        hit(*asked)
    statements = [query["sql"] for query in queries if "SAVEPOINT" not in query["sql"]]
    assert len(statements) == 1
    assert [peek(limit) for limit in asked] == [1, 1, 1, 1]


@pytest.mark.django_db(transaction=True)
def test_outside_a_transaction_a_hit_is_one_statement_that_commits_by_itself() -> None:
    with CaptureQueriesContext(connection) as queries:
        hit(guesses(), Limit("test.device", "d", 9, HOUR))
    assert [query["sql"].split()[0] for query in queries] == ["INSERT"]


@pytest.mark.django_db
def test_the_limit_that_holds_longest_is_the_one_told() -> None:
    short, long = guesses(most=0), guesses(most=0, per=DAY)
    with pytest.raises(Refused) as refusal:
        hit(long, short)
    assert refusal.value.limit == long
    with pytest.raises(Refused) as refusal:
        hit(guesses("b", most=0), guesses("b", most=5, per=DAY))
    assert refusal.value.limit.per == HOUR
    assert peek(guesses("b", per=DAY)) == 1


@pytest.mark.django_db
def test_an_hour_and_a_day_are_two_windows_of_one_scope() -> None:
    hit(guesses())
    assert peek(guesses(per=DAY)) == 0


@pytest.mark.django_db
def test_one_limit_named_twice_counts_once_and_the_stricter_one_refuses() -> None:
    hit(guesses(), guesses())
    assert peek(guesses()) == 1
    with pytest.raises(Refused) as refusal:
        hit(guesses(most=9), guesses(most=1))
    assert refusal.value.limit.most == 1


@pytest.mark.django_db
def test_no_limit_asks_the_database_nothing(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(0):
        hit()


@pytest.mark.django_db(transaction=True)
def test_the_count_stays_when_what_follows_fails() -> None:
    def guess() -> None:
        hit(guesses())
        with transaction.atomic():
            Counter.objects.filter(scope="test.guesses").update(count=0)
            raise RuntimeError("the page failed")

    for _ in range(3):
        with pytest.raises(RuntimeError):
            guess()
    with pytest.raises(Refused):
        hit(guesses())
    assert peek(guesses()) == 4


@pytest.mark.django_db(transaction=True)
def test_counting_inside_a_transaction_that_could_roll_it_back_is_refused() -> None:
    with pytest.raises(RuntimeError, match="durable"), transaction.atomic():
        hit(guesses())
    assert peek(guesses()) == 0


@pytest.mark.django_db(transaction=True)
def test_of_45_at_the_same_moment_exactly_as_many_pass_as_may() -> None:
    start = Barrier(45)

    def guess(number: int) -> bool:
        # Each asks in another order: shared rows must not make them lock each other out.
        mine = [Limit("test.network", "all", 20, HOUR), Limit("test.account", "one", 10, HOUR)]
        try:
            start.wait(timeout=30)
            hit(*mine[:: 1 if number % 2 else -1], Limit("test.device", str(number), 5, HOUR))
        except Refused:
            return False
        finally:
            connection.close()
        return True

    with ThreadPoolExecutor(45) as people:
        passed = list(people.map(guess, range(45)))
    assert passed.count(True) == 10
    assert peek(Limit("test.network", "all", 20, HOUR)) == 45


@pytest.mark.django_db
@pytest.mark.parametrize(
    "variant", ["Jeanne.Martin@Example.FR", " jeanne.martin@example.fr ", "ｊeanne.martin@example.fr"]
)
def test_letter_case_spaces_and_look_alikes_make_no_new_key(variant: str) -> None:
    hit(guesses("jeanne.martin@example.fr"))
    assert peek(guesses(variant)) == 1


@pytest.mark.django_db
def test_the_table_holds_nothing_personal() -> None:
    hit(guesses("jeanne.martin@example.fr"), Limit("test.sms", "+33612345678", 3, HOUR))
    with connection.cursor() as cursor:
        cursor.execute("SELECT counter::text, encode(key, 'escape') FROM throttling_counter AS counter")
        stored = str(cursor.fetchall())
    for personal in ("jeanne", "martin", "example", "612345678", b"jeanne".hex()):
        assert personal not in stored
    assert {len(key) for key in Counter.objects.values_list("key", flat=True)} == {32}


def test_the_hash_depends_on_the_secret_key(settings: Settings) -> None:
    before = guesses().digest
    settings.SECRET_KEY = "another"
    assert guesses().digest != before


def test_a_scope_that_could_hold_personal_data_and_an_empty_window_are_refused() -> None:
    for scope in ("jeanne@example.fr", "+33612345678", "", "Sign in", "a" * 61):
        with pytest.raises(ValueError, match="scope"):
            Limit(scope, "key", 1, HOUR)
    with pytest.raises(ValueError, match="window"):
        Limit("test", "key", 1, timedelta(0))


@pytest.mark.django_db
@pytest.mark.parametrize("key", ["", "\0", "\ud800", "é" * 10_000, "'; DROP TABLE throttling_counter; --"])
def test_any_text_can_be_a_key(key: str) -> None:
    hit(guesses(key))
    assert peek(guesses(key)) == 1


@pytest.mark.django_db
def test_the_right_password_clears_the_guesses() -> None:
    hit(guesses(), guesses("other"))
    clear(guesses())
    assert (peek(guesses()), peek(guesses("other"))) == (0, 1)


@pytest.mark.django_db
def test_the_purge_removes_what_has_ended_in_batches_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(tasks, "BATCH", 2)
    hit(*[guesses(str(number)) for number in range(5)], guesses("a day", per=DAY))
    let_pass(HOUR)
    assert tasks.purge() == 5
    assert tasks.purge() == 0
    assert peek(guesses("a day", per=DAY)) == 1


NOON = datetime(2026, 3, 10, 11, 0, tzinfo=UTC)  # 12:00 in Paris


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(0), "dans 10 secondes"),
        (timedelta(seconds=31), "dans 40 secondes"),
        (timedelta(seconds=60), "dans une minute"),
        (timedelta(seconds=61), "dans 2 minutes"),
        (timedelta(minutes=11, seconds=1), "dans 12 minutes"),
        (timedelta(minutes=59), "dans 59 minutes"),
        (timedelta(minutes=59, seconds=1), "dans une heure"),
        (timedelta(hours=7, minutes=30), "dans 8 heures"),
        (timedelta(hours=12), "demain"),
        (timedelta(hours=20, minutes=15), "demain à partir de 9 h"),
        (timedelta(hours=35, minutes=30), "dans 2 jours"),
        (timedelta(days=3), "dans 3 jours"),
    ],
)
def test_the_wait_is_said_in_plain_french(left: timedelta, words: str) -> None:
    refusal = Refused(guesses(), NOON + left, NOON)
    assert refusal.wait.replace("\N{NO-BREAK SPACE}", " ") == words
