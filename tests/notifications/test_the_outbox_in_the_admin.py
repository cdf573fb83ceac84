"""Staff see where each message stands, and send one again (SAFETY T28)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.db.models import F
from django.test import Client

from accounts import letters as account_letters
from accounts.models import RecoveryRequest, User
from audit.models import Record
from notifications import letters, outbox, resending
from notifications.models import Message, State
from tests.accounts.staff import appoint, staff_client
from tests.back_office.plans import assert_no_scan, plans_of

pytestmark = pytest.mark.django_db
OUTBOX = "/administration/notifications/message/"
KIND = "accounts.registration"
REASON = "La famille n’a rien reçu, elle a appelé."
ROWS = 20_000


@pytest.fixture(autouse=True)
def hello_letters() -> None:
    """The portal's own letters, not those of this folder's other tests."""


@pytest.fixture
def support(portal: None) -> Client:
    return staff_client(appoint(None, "support", "70"))


def message(number: int = 1, *, state: str = "dead", academy: str = "70", **fields: Any) -> Message:
    """Put a message in the outbox that has had its fate."""
    fields = {
        "channel": "mail",
        "to": f"p{number}@exemple.fr",
        "last_error": "550 5.1.1" if state == "dead" else "",
        **fields,
    }
    row = Message.objects.create(
        kind=KIND, reference=f"r{number}", academy=academy, state="waiting", **fields
    )
    if state == "sent":
        Message.objects.filter(pk=row.pk).update(state=state, sent_at=F("created_at"))
    else:
        Message.objects.filter(pk=row.pk).update(state=state)
    row.refresh_from_db()
    return row


def page(browser: Client, address: str = OUTBOX, **data: Any) -> str:
    answer = browser.get(address, data)
    assert answer.status_code == 200
    return answer.content.decode().replace("\xa0", " ")


def listed(browser: Client, **data: Any) -> list[int]:
    """Return the keys of the messages that the list shows, in its order."""
    keys = re.findall(rf'href="{OUTBOX}(\d+)/change/', page(browser, **data))
    return [int(key) for key in dict.fromkeys(keys)]


def resend(browser: Client, row: Message, reason: str = REASON) -> Any:
    return browser.post(f"{OUTBOX}{row.pk}/acte/renvoyer/", {"reason": reason}, follow=True)


# --- finding ---------------------------------------------------------------------------------------


def test_the_list_says_in_words_what_went_where_and_why_not(support: Client) -> None:
    message(1)
    shown = page(support)
    for words in ("Inscription à confirmer", "p1@exemple.fr", "refusé", "Cette adresse n’existe pas"):
        assert words in shown
    assert "accounts.registration" not in shown


def test_every_letter_of_the_portal_has_words_and_counts_with_the_mailbox() -> None:
    kinds = [kind for kind in letters._renderers if kind.startswith("accounts.")]
    assert len(kinds) > 10
    for kind in kinds:
        assert letters.label(kind) != kind, kind
        assert letters.limits_for(kind, "x@exemple.fr"), kind
    assert account_letters is not None


def test_newest_first_and_only_ones_own_academie(support: Client) -> None:
    first, second = message(1), message(2, state="sent")
    message(3, academy="10"), message(4, academy="")
    assert listed(support) == [second.pk, first.pk]
    assert len(listed(staff_client(appoint(None, "national")))) == 4


def test_those_that_did_not_leave_are_found_at_once(support: Client) -> None:
    dead = message(1)
    message(2, state="sent"), message(3, state="waiting"), message(4, state="dead", academy="10")
    assert listed(support, state="dead") == [dead.pk]


@pytest.mark.parametrize("typed", ["p1@exemple.fr", "P1@Exemple.FR", " p1@exemple.fr "])
def test_a_message_is_found_by_its_whole_address(support: Client, typed: str) -> None:
    row = message(1)
    message(2)
    message(1, academy="10")
    assert listed(support, q=typed) == [row.pk]


@pytest.mark.parametrize("typed", ["p1", "exemple.fr", "p1@exemple", "%", "p1@exemple.fr' OR 1=1 --", "\0"])
def test_nothing_is_found_by_a_part_of_it(support: Client, typed: str) -> None:
    message(1)
    assert listed(support, q=typed) == [] or typed == "\0"


def test_a_text_message_is_found_by_its_number(support: Client) -> None:
    row = message(1, to="+262692123456", channel="sms")
    assert listed(support, q="+262 692 12 34 56") == [row.pk]


def test_a_forgotten_address_is_told_as_such_and_found_by_nobody(support: Client) -> None:
    row = message(1, to="")
    assert "oubliée" in page(support, f"{OUTBOX}{row.pk}/change/")
    assert support.get(f"{OUTBOX}{row.pk}/acte/renvoyer/").status_code == 404


def test_who_opens_a_message_stands_in_the_journal(support: Client) -> None:
    row = message(1)
    page(support, f"{OUTBOX}{row.pk}/change/")
    noted = Record.objects.get(act="message.read_by_staff")
    assert (noted.subject, noted.academy) == (f"message:{row.public_id}", "70")
    assert noted.actor == User.objects.get(is_staff=True).subject


# --- sending again ---------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["dead", "sent"])
def test_support_sends_a_message_again(support: Client, state: str) -> None:
    row = message(1, state=state)
    assert "Renvoyer" in page(support, f"{OUTBOX}{row.pk}/change/")
    assert "Le message repart." in resend(support, row).content.decode()
    again = Message.objects.latest("pk")
    assert again.pk != row.pk and again.state == State.WAITING
    assert (again.kind, again.reference, again.to, again.academy) == (KIND, "r1", "p1@exemple.fr", "70")
    noted = Record.objects.get(act="message.resent")
    assert (noted.subject, noted.reason, noted.academy) == (f"message:{row.public_id}", REASON, "70")


def test_no_message_leaves_again_without_a_reason(support: Client) -> None:
    row = message(1)
    assert "Dites pourquoi" in resend(support, row, "").content.decode()
    assert Message.objects.count() == 1 and not Record.objects.filter(act="message.resent").exists()


@pytest.mark.parametrize("state", ["waiting", "void", "withdrawn"])
def test_what_waits_or_was_withdrawn_is_not_sent_again(support: Client, state: str) -> None:
    row = message(1, state=state)
    assert resend(support, row).status_code == 404
    with pytest.raises(resending.NotNow):
        resending.resend(row, actor="system", reason=REASON)
    assert Message.objects.count() == 1


def test_what_is_forgotten_meanwhile_is_not_sent_again(support: Client) -> None:
    row = message(1)
    outbox.forget(kind=row.kind, reference=row.reference)  # « Ce n’est pas moi », after the page was shown
    with pytest.raises(resending.NotNow):
        resending.resend(row, actor="system", reason=REASON)
    assert Message.objects.count() == 1


def test_a_mailbox_gets_three_letters_an_hour_however_many_agents_help(support: Client) -> None:
    row = message(1)
    other = staff_client(appoint(None, "dane", "70"))
    for browser in (support, other, support):
        assert "Le message repart." in resend(browser, row).content.decode()
    for browser in (support, other):
        refused = resend(browser, row).content.decode()
        assert "a déjà reçu beaucoup de nos messages" in refused
    near = message(2, to="p1+mcm@exemple.fr")
    assert "a déjà reçu beaucoup" in resend(support, near).content.decode()
    assert Message.objects.filter(state="waiting").count() == 3
    assert Record.objects.filter(act="message.resent").count() == 3


def test_a_new_password_is_never_offered_to_a_mailbox_that_is_no_longer_theirs(
    support: Client, person: Callable[..., User]
) -> None:
    """The letter is written when it leaves: sent again after a change of address, it has no purpose."""
    user = person("jeanne.dupont", address="avant@exemple.fr")
    request = RecoveryRequest.objects.create(user=user)
    context = letters.Context(str(request.public_id), "avant@exemple.fr", "fr", user.joined_at)
    assert "nouveau mot de passe" in letters.renderer("accounts.recovery")(context).text
    EmailAddress.objects.filter(user=user).update(email="apres@exemple.fr")
    with pytest.raises(letters.NothingToSend):
        letters.renderer("accounts.recovery")(context)


def test_staff_of_another_academie_send_nothing_again(portal: None) -> None:
    row = message(1)
    lyon = staff_client(appoint(None, "dane", "10"))
    assert resend(lyon, row).status_code == 404
    assert lyon.post(
        f"{OUTBOX}renvoyer/?state=dead", {"reason": REASON, "seen": str(row.pk)}, follow=True
    ).redirect_chain
    assert Message.objects.count() == 1


# --- a whole list ----------------------------------------------------------------------------------


def test_four_hundred_refused_mails_leave_again_with_one_reason(portal: None) -> None:
    dane = staff_client(appoint(None, "dane", "70"))
    Message.objects.bulk_create(
        Message(
            kind=KIND, channel="mail", reference=f"r{n}", to=f"p{n}@exemple.fr", academy="70", state="dead"
        )
        for n in range(405)
    )
    message(900, academy="10"), message(901, state="sent")
    assert "renvoyer/?state=dead" in page(dane, state="dead")
    shown = page(dane, f"{OUTBOX}renvoyer/", state="dead")
    assert "Renvoyer ces 400 messages" in shown and "p404@exemple.fr" in shown
    seen = re.findall(r'name="seen" value="(\d+)"', shown)[0]
    message(902)  # refused since the page was shown
    answer = dane.post(f"{OUTBOX}renvoyer/?state=dead", {"reason": REASON, "seen": seen}, follow=True)
    assert "400 messages repartent." in answer.content.decode()
    again = Message.objects.filter(state="waiting")
    assert again.count() == 400 == Record.objects.filter(act="message.resent", reason=REASON).count()
    assert not again.filter(to__in=["p900@exemple.fr", "p901@exemple.fr", "p902@exemple.fr"]).exists()


def test_mailboxes_that_had_enough_are_counted_and_passed_over(support: Client) -> None:
    for number in range(4):
        message(number, to="une@exemple.fr")
    message(9)
    answer = support.post(f"{OUTBOX}renvoyer/?state=dead", {"reason": REASON}, follow=True)
    shown = answer.content.decode().replace("\xa0", " ")
    assert "4 messages repartent." in shown and "1 message ne repart pas" in shown


def test_a_list_is_sent_again_only_when_it_says_which(support: Client) -> None:
    message(1)
    assert "renvoyer/" not in page(support)
    for query in ("", "?state=waiting", "?state=withdrawn", "?state=x"):
        answer = support.post(f"{OUTBOX}renvoyer/{query}", {"reason": REASON})
        assert answer.status_code == 404, query
    assert support.post(f"{OUTBOX}renvoyer/?state=dead", {"reason": ""}).status_code == 200
    assert support.post(f"{OUTBOX}renvoyer/?state=dead&q=z@exemple.fr", {"reason": REASON}).status_code == 302
    assert Message.objects.count() == 1


@pytest.mark.parametrize("seen", ["abc", "-1", "9" * 40, "٣", ""])
def test_a_page_that_was_tampered_with_breaks_nothing(support: Client, seen: str) -> None:
    message(1)
    answer = support.post(f"{OUTBOX}renvoyer/?state=dead", {"reason": REASON, "seen": seen})
    assert answer.status_code == 302


def test_several_are_ticked_and_sent_again(support: Client) -> None:
    ours, theirs = message(1), message(2, academy="10")
    support.post(
        OUTBOX,
        {
            "action": "renvoyer", "_selected_action": [str(ours.pk), str(theirs.pk)],
            "_reason_given": "1", "reason": REASON,
        },
    )  # fmt: skip
    assert list(Message.objects.filter(state="waiting").values_list("to", flat=True)) == ["p1@exemple.fr"]


# --- at many rows ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("role", "academy"), [("support", "70"), ("dane", "10"), ("national", None)])
def test_no_list_of_messages_reads_them_all(portal: None, role: str, academy: str | None) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"""
            INSERT INTO notifications_message (public_id, kind, reference, channel, "to", language, academy,
                                               state, sent_at, attempts, interruptions, last_error)
            SELECT gen_random_uuid(), '{KIND}', 'r' || i, 'mail', 'p' || i || '@exemple.fr', 'fr',
                   CASE i % 4 WHEN 0 THEN '10' WHEN 1 THEN '' ELSE '70' END,
                   CASE WHEN i % 50 = 0 THEN 'dead' WHEN i % 51 = 0 THEN 'waiting' ELSE 'sent' END,
                   CASE WHEN i % 50 = 0 OR i % 51 = 0 THEN NULL ELSE now() END, 0, 0, ''
              FROM generate_series(1, {ROWS}) i""")
        cursor.execute("ANALYZE notifications_message")
    browser = staff_client(appoint(None, role, academy))
    table = "notifications_message"
    assert_no_scan(plans_of(browser, OUTBOX, table), table)
    for state in State.values:
        # What did not leave is little, and found by its own index: sorting it costs nothing.
        plans = plans_of(browser, OUTBOX, table, {"state": state})
        assert_no_scan(plans, table, sorts=state != "sent")
    for data in (
        {"q": "p77@exemple.fr"},
        {"q": "personne@exemple.fr"},
        {"q": "p100@exemple.fr", "state": "dead"},
    ):
        assert_no_scan(plans_of(browser, OUTBOX, table, data), table, sorts=True)


def test_the_time_a_message_was_written_is_shown_in_french(support: Client) -> None:
    row = message(1)
    Message.objects.filter(pk=row.pk).update(created_at=F("created_at") - timedelta(days=3))
    assert "écrit le" in page(support).lower() and "Created" not in page(support)
