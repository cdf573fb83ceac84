"""One answer of FranceConnect, brought many times at once, is listened to once (SAFETY T41, F14)."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection
from django.test import Client

from guardians.models import FranceConnectVisit

from .conftest import IDENTITY, question, trouble
from .fake_provider import FakeForgingProvider

AT_ONCE = 12


@pytest.mark.django_db(transaction=True)
def test_an_answer_brought_twelve_times_at_once_is_exchanged_once(forger: FakeForgingProvider) -> None:
    browser = Client()
    forger.question = question(browser.post("/responsables/franceconnect/")["Location"])
    words = {"code": "un-code", "state": forger.question["state"]}
    together = Barrier(AT_ONCE)

    def bring(_number: int) -> str:
        tab = Client()
        tab.cookies.update(browser.cookies)
        together.wait()
        try:
            return str(tab.get("/responsables/franceconnect/retour/", words)["Location"])
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as threads:
        answers = list(threads.map(bring, range(AT_ONCE)))
    assert len(forger.forms) == 1
    assert answers.count(IDENTITY) == 1
    assert set(answers) == {IDENTITY, trouble("deja-servi")}
    assert FranceConnectVisit.objects.exclude(arrived_at=None).count() == 1
