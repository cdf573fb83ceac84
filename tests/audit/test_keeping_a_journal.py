"""The journal: what is written stays as it is, and holds nothing personal."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

import pytest
from django.db import DatabaseError, connection, transaction
from hypothesis import given
from hypothesis import strategies as st
from pytest_django import DjangoAssertNumQueries

from audit import journal
from audit.models import Record

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def changed(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """Declare one act for the tests, and forget it afterwards."""
    monkeypatch.setattr(journal, "_acts", {})
    yield journal.register_act("test.changed", "Compte modifié")


def test_an_act_is_written_with_the_clock_of_the_database_in_one_statement(
    changed: str, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_num_queries(1):
        journal.record(
            act=changed,
            actor="user:7f9c24e8-3b13-4f0a-9c3f-0d7a53c1a001",
            subject="user:7f9c24e8-3b13-4f0a-9c3f-0d7a53c1a002",
            fields=["email", "phone"],
            reason="demande de la famille",
            academy="70",
        )
    record = Record.objects.get()
    with connection.cursor() as cursor:
        cursor.execute("SELECT now()")
        assert record.at >= cursor.fetchone()[0]
    assert record.fields == ["email", "phone"]
    assert (record.reason, record.academy) == ("demande de la famille", "70")
    assert journal.label(record.act) == "Compte modifié"


def test_an_act_that_nobody_declared_is_refused() -> None:
    with pytest.raises(ValueError, match="not declared"):
        journal.record(act="test.unheard_of", actor="system", subject="user:1")
    assert not Record.objects.exists()


def test_an_act_cannot_be_declared_with_two_meanings(changed: str) -> None:
    with pytest.raises(ValueError, match="twice"):
        journal.register_act(changed, "Compte supprimé")
    with pytest.raises(ValueError, match=r"thing\.done"):
        journal.register_act("Compte supprimé", "Compte supprimé")


@pytest.mark.parametrize(
    "value",
    [
        "jeanne.martin@example.fr",
        "user:jeanne.martin@example.fr",
        "0612345678",
        "user:0612345678",
        "user:+33612345678",
        "user:06-12-34-56-78",
        "user:06.12.34.56.78",
        "user:2014-03-09",
        "user:Jeanne Martin",
        "user:",
        "",
        "user:1\n",
    ],
)
def test_a_person_is_not_named_by_an_address_a_phone_or_a_date(changed: str, value: str) -> None:
    with pytest.raises(ValueError, match="opaque") as refusal:
        journal.record(act=changed, actor="system", subject=value)
    with pytest.raises(ValueError, match="opaque"):
        journal.record(act=changed, actor=value, subject="user:1")
    assert "martin" not in str(refusal.value) and "12" not in str(refusal.value)


@pytest.mark.parametrize("field", ["jeanne@example.fr", "0612345678", "Jeanne", "phone_0612345678", "a=b"])
def test_a_field_is_named_and_its_value_is_not_kept(changed: str, field: str) -> None:
    with pytest.raises(ValueError, match="names of fields"):
        journal.record(act=changed, actor="system", subject="user:1", fields=["email", field])


@pytest.mark.parametrize("subject", ["system", "academy:70", "school:0750001A", "user:AbC_d-9x"])
def test_opaque_names_are_taken(changed: str, subject: str) -> None:
    journal.record(act=changed, actor="system", subject=subject)
    assert Record.objects.get().subject == subject


@given(st.uuids())
def test_every_public_identifier_is_taken_even_one_that_looks_like_a_phone(identifier: UUID) -> None:
    assert journal._is_opaque(f"user:{identifier}")
    assert journal._is_opaque(f"user:{identifier.hex}")


def test_nobody_can_change_or_delete_a_line_not_even_the_owner_of_the_table(changed: str) -> None:
    journal.record(act=changed, actor="system", subject="user:1")
    record = Record.objects.get()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        Record.objects.update(actor="user:2")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        record.save()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        record.delete()
    assert Record.objects.get().actor == "system"


def test_retention_may_remove_lines_when_it_says_so_in_its_own_transaction(changed: str) -> None:
    journal.record(act=changed, actor="system", subject="user:1")
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL audit.allow_change = 'on'")
    Record.objects.all().delete()
    assert not Record.objects.exists()


def test_what_failed_leaves_no_line(changed: str) -> None:
    with pytest.raises(RuntimeError), transaction.atomic():
        journal.record(act=changed, actor="system", subject="user:1")
        raise RuntimeError
    assert not Record.objects.exists()
