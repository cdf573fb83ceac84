"""A guardian's code leaves by an operator's SMPP, and leads to the page of the children (SCREENS D6)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import override

from notifications import delivery, sms
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


@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_sms_that_is_all_ours_costs_one_part(language: str) -> None:
    """One sign that phones do not have would make three of it (SAFETY T7)."""
    folder = Path(settings.BASE_DIR) / "templates"
    found = [*folder.glob("*/letters/*_sms.txt"), folder / "guardians/letters/code.txt"]
    assert len(found) > 8
    with override(language):
        for file in found:
            said = {
                "code": "123456",
                "minutes": 30,
                "child": "Léo",
                "school": "Collège",
                "by": "Collège",
                "url": "…",
            }
            text = " ".join(render_to_string(str(file.relative_to(folder)), said).split())
            assert sms.parts(text) == 1, (file.name, text)
