"""Budgets: how many statements each step of a guardian's first sign-in costs (docs/performance.md).

A budget is what the step costs today. Who makes one dearer says here why.
"""

from __future__ import annotations

from collections.abc import Callable

import pytest

from guardians import codes
from tests.accounts.test_what_a_page_costs import costs, hashes

from .conftest import START, Declared, Guardian

pytestmark = pytest.mark.django_db(transaction=True)
IDENTIFIER = "/responsables/identifiant/"


def test_a_first_sign_in_costs_thirty_four_statements(
    declare: Callable[..., Declared], guardian: Guardian
) -> None:
    """From the form to the identifier, for a child; those that only bound transactions apart."""
    child = declare().children[0]
    browser = guardian.browser
    with costs(0):
        browser.get(START)
    with costs(3):  # what is counted, whom the school knows, the row and its SMS
        guardian.start()
    with costs(1):
        browser.get(f"{START}code/")
    right = codes.code(guardian.activation)
    with costs(2):  # the row, and its code counted and judged
        assert guardian.code(right).status_code == 302
    with costs(2):
        browser.get(f"{START}enfants/")
    with costs(2):
        browser.get(f"{START}enfants/{child.public_id}/")
    with costs(6), hashes(0):  # counted, judged and given back; the answer kept
        assert guardian.answer(child).status_code == 302
    with costs(2):
        browser.get(f"{START}enfants/")
    with costs(1):
        browser.get(f"{START}mot-de-passe/")
    with costs(11), hashes(1):  # the account with all that is its own by one
        assert guardian.choose_password().url == IDENTIFIER
    with costs(2):
        browser.get(IDENTIFIER)
    with costs(2):
        browser.post(IDENTIFIER)
