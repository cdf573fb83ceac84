"""The report of a drill must be able to fail: made-up logs in which something is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.drill import report
from benchmarks.drill.comparison import Findings, Kept, compare
from benchmarks.drill.driver import how_many_faults
from benchmarks.drill.faults import FAULTS, in_order
from benchmarks.drill.ledger import Ledger, Promise, Struck, Told
from benchmarks.drill.mailbox import Copy

OWNERS = {"ana@exemple.fr": "ana", "autre.ana@exemple.fr": "ana", "ben@exemple.fr": "ben"}


def mail(to: str = "ana@exemple.fr", *, at: float = 12, number: str = "1", link: str = "/l/") -> Copy:
    return Copy(at=at, to=to, message_id=f"<{number}>", link=link)


def told_all(family: str = "ana") -> Promise:
    return Promise(family, begun_at=10, done_at=20)


def find(
    *promises: Promise, kept: dict[str, Kept], mails: list[Copy], last_fault_ended: float = 11
) -> Findings:
    return compare(promises, kept, mails, OWNERS, last_fault_ended=last_fault_ended)


def test_a_family_that_got_what_it_was_told_breaks_no_promise() -> None:
    found = find(told_all(), kept={"ana": Kept(1, 1)}, mails=[mail()])
    assert found.broken == []
    assert (found.acknowledged, found.done, found.twice, found.most_copies) == (1, 1, 0, 1)
    assert (found.p95, found.last_after) == (2, 1)


def test_a_family_told_to_read_a_mail_that_never_came_is_lost() -> None:
    found = find(
        told_all("ben"), Promise("ana", begun_at=10), kept={"ana": Kept(1, 0)}, mails=[mail("ben@exemple.fr")]
    )
    assert "ana was told to read its mail, and none came" in found.lost
    assert found.broken


def test_a_family_told_to_read_its_mail_of_which_nothing_was_kept_is_lost() -> None:
    found = find(Promise("ana", begun_at=10), kept={}, mails=[mail()])
    assert found.lost == ["ana was told to read its mail, and nothing was kept"]
    assert found.broken


def test_a_family_told_that_it_is_done_and_that_is_not_is_lost() -> None:
    found = find(told_all(), kept={"ana": Kept(1, 0)}, mails=[mail()])
    assert found.lost == ["ana was told that it is done, and it is not"]
    assert found.broken


def test_a_family_that_was_told_nothing_may_have_nothing() -> None:
    found = find(told_all(), Promise("ben"), kept={"ana": Kept(1, 1)}, mails=[mail()])
    assert found.broken == []


@pytest.mark.parametrize("rows", [Kept(2, 1), Kept(1, 2)])
def test_two_sign_ups_or_two_accounts_of_one_family_break_the_promise(rows: Kept) -> None:
    found = find(told_all(), kept={"ana": rows}, mails=[mail()])
    assert found.broken == [f"more than one: ana has {rows.begun} begun and {rows.done} done"]


def test_an_answer_that_nobody_should_get_breaks_the_promise() -> None:
    refused = Promise("ana", begun_at=10, trouble="confirm: 404")
    found = find(refused, kept={"ana": Kept(1, 0)}, mails=[mail()])
    assert found.broken == ["turned away: ana, confirm: 404"]


def test_one_mail_that_came_twice_is_counted_once() -> None:
    found = find(told_all(), kept={"ana": Kept(1, 1)}, mails=[mail(), mail(at=70)])
    assert (found.mails, found.twice, found.most_copies) == (1, 1, 2)


def test_one_letter_that_was_posted_twice_came_twice_whatever_its_message_ids() -> None:
    found = find(told_all(), kept={"ana": Kept(1, 1)}, mails=[mail(), mail(number="2", at=13)])
    assert (found.mails, found.twice, found.most_copies) == (1, 1, 2)


def test_a_mail_to_another_address_of_the_family_is_no_copy_and_ends_the_wait() -> None:
    moved = Promise("ana", begun_at=10, done_at=90, refusals=1)
    found = find(moved, kept={"ana": Kept(1, 1)}, mails=[mail("autre.ana@exemple.fr", at=80, number="2")])
    assert (found.lost, found.twice, found.p95, found.refused) == ([], 0, 70, 1)


def test_mails_to_others_than_the_families_do_not_count() -> None:
    others = mail("dane@exemple.fr", number="2")
    found = find(told_all(), kept={"ana": Kept(1, 1)}, mails=[mail(), others, others])
    assert (found.mails, found.twice, found.most_copies) == (1, 0, 1)


def test_four_copies_of_a_mail_break_the_promise() -> None:
    found = find(told_all(), kept={"ana": Kept(1, 1)}, mails=[mail(at=at) for at in (1, 2, 3, 4)])
    assert found.broken == ["one mail came 4 times"]


def test_copies_with_different_links_break_the_promise() -> None:
    found = find(told_all(), kept={"ana": Kept(1, 1)}, mails=[mail(), mail(link="/other/")])
    assert found.lost == ["the copies of <1> hold different links"]


@pytest.mark.parametrize(("again", "broken"), [(4, []), (5, ["5 of 200 mails came more than once"])])
def test_more_than_two_mails_in_a_hundred_that_came_twice_break_the_promise(
    again: int, broken: list[str]
) -> None:
    mails = [mail(number=str(number), link=f"/{number}/") for number in range(200)]
    found = find(told_all(), kept={"ana": Kept(1, 1)}, mails=[*mails, *mails[:again]])
    assert found.broken == broken


def test_a_mail_more_than_ten_minutes_after_the_last_fault_breaks_the_promise() -> None:
    found = find(told_all(), kept={"ana": Kept(1, 1)}, mails=[mail(at=700)], last_fault_ended=99)
    assert found.broken == ["late: ana had its mail 601 s after the last fault"]


def test_a_drill_in_which_nobody_was_served_proves_nothing() -> None:
    assert find(kept={}, mails=[]).broken == ["nobody was served"]


def test_a_seed_gives_one_order_in_which_each_fault_comes_before_any_comes_again() -> None:
    order = in_order(2 * len(FAULTS), seed=3)
    assert order == in_order(2 * len(FAULTS), seed=3)
    assert order != in_order(2 * len(FAULTS), seed=4)
    assert set(order[: len(FAULTS)]) == set(order[len(FAULTS) :]) == set(FAULTS)
    assert how_many_faults(1000, 30) == 120
    assert how_many_faults(1, 30) == len(FAULTS)


def test_the_tables_say_what_is_wrong(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "told.jsonl", began=0)
    ledger.faults = [
        Struck("broker killed", "F1", 0, 5),
        Struck("PostgreSQL killed", "F10", 10, 15, "2 pairs"),
    ]
    ledger.note(Told(1, "ana", "sign up", "302 /inscription/verification/", 0.1, 0.1, True))
    ledger.note(Told(12, "ben", "sign up", "503", 3.0, 3.0, False))
    broker, postgresql = report.faults(ledger).splitlines()[2:]
    assert [cell.strip() for cell in broker.split("|")][5:9] == ["5.0 s", "1", "0", "0.1 s"]
    assert [cell.strip() for cell in postgresql.split("|")][5:11] == [
        "5.0 s", "1", "1", "3.0 s", "3.0 s", "2 pairs",
    ]  # fmt: skip
    found = find(Promise("ana", begun_at=10), kept={}, mails=[])
    (lost,) = [line for line in report.figures(found).splitlines() if line.startswith("| lost")]
    assert lost.split("|")[2].strip() == "2"
    assert "ben" in ledger.file.read_text()
