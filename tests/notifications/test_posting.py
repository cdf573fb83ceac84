"""What an app does to have a letter sent."""

from __future__ import annotations

import pytest
from django.db import transaction

from notifications import outbox
from notifications.models import Channel, Message, State
from tests.notifications.hello import KIND
from tests.peers import wait_until


@pytest.mark.django_db
def test_posting_costs_one_insert(django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        message = outbox.post(kind=KIND, reference="r1", to="ana@example.org")
        assert message.state == State.WAITING
        assert message.created_at is not None
    assert Message.objects.get() == message


@pytest.mark.django_db
def test_a_kind_that_nobody_writes_is_refused_at_once() -> None:
    with pytest.raises(LookupError, match="nobody"):
        outbox.post(kind="tests.nobody", reference="r1", to="ana@example.org")
    assert not Message.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_message_shares_the_fate_of_what_it_tells(nudges: list[str]) -> None:
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        outbox.post(kind=KIND, reference="r1", to="ana@example.org")
        _ = 1 / 0
    assert not Message.objects.exists()
    assert nudges == []


@pytest.mark.django_db(transaction=True)
def test_the_nudge_is_published_after_the_commit_and_by_another_thread(nudges: list[str]) -> None:
    with transaction.atomic():
        outbox.post(kind=KIND, reference="r1", to="ana@example.org")
        assert nudges == []
    wait_until(lambda: nudges)
    assert set(nudges) == {"nudge"}


@pytest.mark.django_db(transaction=True)
def test_a_burst_of_messages_is_announced_by_few_nudges(nudges: list[str]) -> None:
    for number in range(50):
        outbox.post(kind=KIND, reference=f"r{number}", to="ana@example.org")
    wait_until(lambda: nudges)
    assert len(nudges) < 10


@pytest.mark.django_db
def test_a_message_to_a_mistyped_address_is_withdrawn_and_another_posted() -> None:
    outbox.post(kind=KIND, reference="r1", to="ana@exemple.org")
    outbox.post(kind=KIND, reference="r2", to="bob@example.org")
    assert outbox.withdraw(kind=KIND, reference="r1") == 1
    corrected = outbox.post(kind=KIND, reference="r1", to="ana@example.org")
    assert outbox.latest(kind=KIND, reference="r1") == corrected
    assert list(Message.objects.order_by("id").values_list("to", "state")) == [
        ("ana@exemple.org", State.WITHDRAWN),
        ("bob@example.org", State.WAITING),
        ("ana@example.org", State.WAITING),
    ]


@pytest.mark.django_db
def test_a_message_is_posted_again_as_a_new_one() -> None:
    first = outbox.post(kind=KIND, reference="r1", to="+33639980001", channel=Channel.SMS, language="fr")
    second = outbox.post_again(first)
    assert second.public_id != first.public_id
    assert (second.kind, second.reference, second.to, second.channel) == (KIND, "r1", "+33639980001", "sms")


@pytest.mark.django_db
def test_a_message_whose_address_is_forgotten_cannot_be_posted_again() -> None:
    first = outbox.post(kind=KIND, reference="r1", to="ana@example.org")
    first.to = ""
    with pytest.raises(ValueError, match="forgotten"):
        outbox.post_again(first)


@pytest.mark.django_db
def test_nothing_posted_is_nothing_found() -> None:
    assert outbox.latest(kind=KIND, reference="r1") is None
