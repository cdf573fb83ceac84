"""From a row of a list, staff come back to the list as they had filtered it, and tick rows by name."""

from __future__ import annotations

import html
import re

import pytest
from django.test import Client

from notifications.models import Message
from tests.accounts.staff import appoint, staff_client

OUTBOX = "/administration/notifications/message/"


@pytest.fixture
def dane(portal: None) -> Client:
    return staff_client(appoint(None, "dane", "70"))


def refused(address: str) -> Message:
    return Message.objects.create(
        kind="accounts.registration", reference=address, to=address, academy="70", state="dead",
        last_error="550 5.1.1",
    )  # fmt: skip


def links(page: str, row: Message) -> list[str]:
    return re.findall(rf'href="({OUTBOX}{row.pk}/change/[^"]*)"', page)


@pytest.mark.django_db
def test_a_row_opened_from_a_search_leads_back_to_it(dane: Client) -> None:
    row = refused("lea+mcm@exemple.fr")
    listed = dane.get(OUTBOX, {"state": "dead", "q": "lea+mcm@exemple.fr"}).content.decode()
    [first, second] = links(listed, row)
    assert first == second
    detail = dane.get(html.unescape(first)).content.decode()
    assert "state=dead&amp;q=lea%2Bmcm%40exemple.fr" in detail


@pytest.mark.django_db
def test_a_row_of_the_whole_list_has_an_address_without_more(dane: Client) -> None:
    row = refused("lea@exemple.fr")
    assert links(dane.get(OUTBOX).content.decode(), row) == [f"{OUTBOX}{row.pk}/change/"] * 2


@pytest.mark.django_db
def test_a_box_to_tick_says_which_row_it_is_and_a_name_in_it_stays_a_name(dane: Client) -> None:
    row = refused('"><b>@exemple.fr')
    [box] = re.findall(
        r"<input type=\"checkbox\" name=\"_selected_action\"[^<]*?>", dane.get(OUTBOX).content.decode()
    )
    assert f'value="{row.pk}"' in box and 'class="action-select"' in box
    assert 'aria-label="Inscription à confirmer — &quot;&gt;&lt;b&gt;@exemple.fr"' in box
