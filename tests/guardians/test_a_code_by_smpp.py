"""A guardian's code leaves by an operator's SMPP, and leads to the page of the children (SCREENS D6)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from notifications import delivery
from tests.smsc import Smsc

from .conftest import START, Declared, Guardian


@pytest.fixture
def smsc(settings: Any) -> Iterator[Smsc]:
    server = Smsc()
    settings.SMS_GATEWAY = "notifications.gateways.smpp.Gateway"
    settings.SMS_URL = server.url
    yield server
    server.stop()


@pytest.mark.django_db(transaction=True)
def test_the_code_that_the_phone_shows_leads_to_the_children(
    declare: Callable[..., Declared], guardian: Guardian, smsc: Smsc
) -> None:
    declare()
    assert guardian.start().url == f"{START}code/"
    delivery.drain()
    (sms,) = smsc.received
    assert sms["to"] == "33612345678"
    code = re.search(r"\b\d{6}\b", sms["text"])
    assert code is not None
    assert guardian.code(code[0]).url == f"{START}enfants/"
    assert "Chloé" in guardian.browser.get(f"{START}enfants/", follow=True).content.decode()
