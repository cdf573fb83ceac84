"""Whatever somebody is called, a name is only a name on each page of a class (SAFETY T30, T34, T49).

Forms and rosters refuse such names; here they stand in the database all the same, and Chromium shows them.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import Page

from accounts.models import User
from schools.models import DivisionPupil, Schooling, Student
from tests import corpus
from virtual_classes import roll_call
from virtual_classes.models import ClassSession, Entry, Role, VirtualClass

from .conftest import signed_in
from .test_in_two_browsers import DESK, PHONE, Somebody
from .test_in_two_browsers import browser as browser
from .test_in_two_browsers import comes as comes
from .test_in_two_browsers import room as room

pytestmark = [pytest.mark.browser, pytest.mark.long, pytest.mark.django_db(transaction=True)]

NAMES = [
    name[:100]
    for name in (
        *corpus.BIDI,
        *corpus.INVISIBLE,
        *corpus.XSS[:12],
        *corpus.EMOJI,
        *corpus.ZALGO,
        *corpus.FORMULAS,
        "\u0301\u0316\u0489" * 30,  # marks alone
        "a" * 100,
        "a\u0301\u0316" * 33,
        "{{ 7 * 7 }}{% debug %}",
    )
]
# What stands in the page as the very text, and whether what follows it on its line still stands behind it.
LOOK = """names => {
  const shown = [...document.querySelectorAll('.mcm-name, .mcm-names strong')];
  const found = new Set(shown.map(each => each.textContent.trim()));
  const turned = [];
  for (const each of shown) {
    const next = each.nextElementSibling;
    if (!next || getComputedStyle(next).position === 'absolute') continue;
    const here = each.getBoundingClientRect(), after = next.getBoundingClientRect();
    if (after.top < here.bottom - 1 && after.left < here.left) turned.push(each.textContent);
    if (here.right > document.documentElement.clientWidth) turned.push(each.textContent);
  }
  return {
    missing: names.filter(name => !found.has(name.trim())),
    turned,
    spilling: shown.filter(each => getComputedStyle(each).overflowY !== 'clip').length,
    wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    scripts: [...document.scripts].filter(each => !each.src).length,
    struck: document.querySelectorAll('main img, main svg, main iframe, main object, main [onerror]').length,
  };
}"""


@pytest.fixture
def crowd(opened: Callable[..., ClassSession], teacher: User, pupil: Callable[..., User]) -> ClassSession:
    """A class at whose door, in whose list and in whose room stands every name there is."""
    session = opened(title="Français", provider="demonstration_room", capacity=300)
    Entry.objects.bulk_create(
        Entry(session=session, browser=f"b{at}", name=name, role=Role.VISITOR, state=state)
        for at, (name, state) in enumerate(
            (name, state) for name in NAMES for state in ("waiting", "entered")
        )
    )
    ClassSession.objects.filter(pk=session.pk).update(seats_taken=len(NAMES))
    for name in NAMES:
        student = Student.objects.create(family_name=name, first_name=name)
        at_school = Schooling.objects.create(
            student=student, school=session.division.school, school_year=session.division.school_year
        )
        DivisionPupil.objects.create(schooling=at_school, division=session.division)
    roll_call.call(session, by=teacher)
    return session


def check(page: Page, names: list[str]) -> None:
    """See that each name is there as it is, that nothing ran, and that nothing else was moved by it."""
    said = page.evaluate(LOOK, [name.replace("\r", "\n") for name in names])  # as HTML reads a line's end
    assert said["missing"] == [] and said["turned"] == [], (page.url, said)
    assert (said["spilling"], said["scripts"], said["struck"]) == (0, 0, 0), (page.url, said)
    assert said["wide"] <= 0, (page.url, said)


@pytest.mark.parametrize("size", [PHONE, DESK], ids=["phone", "desk"])
def test_a_name_is_only_ever_a_name(
    comes: Callable[..., Somebody], crowd: ClassSession, teacher: User, pupil: Callable[..., User], size: Any
) -> None:
    claire = comes(scripts=True, size=size, user=teacher)
    alarms: list[str] = []
    claire.page.on("dialog", lambda dialog: (alarms.append(dialog.message), dialog.dismiss()))
    claire.page.on("console", lambda said: alarms.append(said.text) if "Content Security" in said.text else 0)
    whole = [f"{name} {name}" for name in NAMES]
    session = f"/classes/seances/{crowd.public_id}/"
    claire.page.goto(session)
    check(claire.page, NAMES)
    # The part that the script writes anew is the same.
    with claire.page.expect_response(lambda answer: answer.url.endswith("/porte/") and answer.status == 200):
        Entry.objects.create(session=crowd, browser="late", name="Zoé Roche", role=Role.VISITOR)
        ClassSession.objects.filter(pk=crowd.pk).update(door_version=99)
    claire.page.get_by_text("Zoé Roche").first.wait_for()
    check(claire.page, NAMES)
    claire.page.goto(f"{session}appel/")
    check(claire.page, whole)

    lea = comes(scripts=True, size=size, user=pupil())
    lea.page.on("dialog", lambda dialog: (alarms.append(dialog.message), dialog.dismiss()))
    shown = [*NAMES[:3], *corpus.XSS[:3], NAMES[-4], NAMES[-3]]
    for name in shown:
        User.objects.filter(first_name="Léa").update(last_name=name)
        User.objects.filter(pk=teacher.pk).update(first_name=name, last_name=name)
        VirtualClass.objects.update(title=name)
        lea.page.goto(f"/classe/{crowd.virtual_class.public_id}/")
        check(lea.page, [f"Léa {name}".strip(), f"{name} {name}"])
        lea.page.goto("/classes/")
        check(lea.page, [name, f"{name} {name}"])
    lea.page.goto(f"/classe/{crowd.virtual_class.public_id}/")
    lea.page.get_by_role("button", name="Frapper à la porte").click()
    lea.page.get_by_text("Tu attends à la porte").first.wait_for()
    check(lea.page, [f"Léa {shown[-1]}"])
    assert alarms == []


def test_in_the_file_of_a_roll_call_a_name_is_no_formula(crowd: ClassSession, teacher: User) -> None:
    answer = signed_in(teacher).post(f"/classes/seances/{crowd.public_id}/appel/fichier/")
    body = b"".join(answer.streaming_content).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(body, newline=""), delimiter=";"))
    assert {len(row) for row in rows} == {5} and len(rows) == len(NAMES) + 1
    written = [row[2] for row in rows[1:]]
    assert not [cell for cell in written if cell.lstrip()[:1] in "=+-@\t\r" and cell.strip()]
    kept = {each.name for each in crowd.record.lines.all()}
    assert {cell.replace("'", "") for cell in written} == {name.replace("'", "") for name in kept}
