"""What an app does to have a letter sent."""

from __future__ import annotations

import pytest

from notifications import letters, outbox
from notifications.models import Message, State


@pytest.fixture
def kind(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(letters, "_renderers", {})
    letters.register("tests.hello", lambda context: letters.Letter("Bonjour", "Bonjour"))
    return "tests.hello"


@pytest.mark.django_db
def test_posting_costs_one_insert(kind: str, django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        message = outbox.post(kind=kind, reference="r1", to="ana@example.org")
        assert message.state == State.WAITING
        assert message.created_at is not None
    assert Message.objects.get() == message
