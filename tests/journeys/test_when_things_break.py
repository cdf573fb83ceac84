"""The broker, the worker, a web process or PostgreSQL dies while a family signs up (SAFETY section 2).

Nothing here measures a time. Where one must pass, the rows are aged by hand.
"""

from __future__ import annotations

import base64
import contextlib
import re
import threading
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import psycopg2
import pytest

from benchmarks.private_postgres import PrivatePostgres
from tests.mcm_portal.conftest import postgres
from tests.peers import SILENCE, wait_until

from .conftest import Comes
from .people import (
    NEW_PASSWORD,
    PASSWORD,
    Person,
    accept_terms,
    confirm_here,
    fill_in,
    is_at_home,
    open_mail,
    sign_in,
    sign_up,
)
from .portal import PATIENCE, Portal, link_in
from .visitor import Visitor

__all__ = ["postgres"]  # a fixture
pytestmark = pytest.mark.browser
PAGES = [
    "/",
    "/ecole/connexion/",
    "/college/connexion/",
    "/lycee/connexion/",
    "/college/conditions/",
    "/connexion/",
    "/inscription/verification/",
    "/inscription/merci/",
    "/acces-oublie/",
    "/acces-oublie/envoye/",
    "/textes/conditions-utilisation/",
    "/textes/donnees-personnelles/",
]


SOMEBODY_WAITS = "SELECT 1 FROM pg_locks WHERE relation = 'accounts_signinname'::regclass AND NOT granted"


def ended(visitor: Visitor) -> bool:
    """Say whether the browser got an answer, or has told that there is none."""
    return visitor.page.url.startswith("chrome-error:") or "/verification/" in visitor.page.url


def go_on(visitor: Visitor) -> None:
    """Try again, as the browser's own page proposes; mostly Chromium has done so by itself."""
    if "/verification/" not in visitor.page.url:
        visitor.page.reload()
    visitor.look()
    visitor.stands_on("Vérifiez vos messages")


@pytest.fixture
def somebody(comes: Comes) -> Visitor:
    """Somebody whose pages are looked at closely in other tests."""
    return comes(looks_closely=False)


@contextlib.contextmanager
def frozen(portal: Portal) -> Iterator[None]:
    portal.broker.freeze()
    yield
    portal.broker.thaw()


@contextlib.contextmanager
def killed(portal: Portal) -> Iterator[None]:
    portal.broker.kill()
    yield
    portal.broker.start()


@pytest.mark.long
@pytest.mark.parametrize("broken", [frozen, killed])
def test_without_the_broker_every_page_answers_and_every_mail_arrives(
    portal: Portal, somebody: Visitor, broken: Callable[[Portal], AbstractContextManager[None]]
) -> None:
    how = broken.__name__
    anna = Person(
        first_name="Anna", last_name=f"Sans {how}", username=f"anna.{how}", address=f"anna.{how}@exemple.fr"
    )
    with broken(portal):
        for page in PAGES:
            somebody.go(page)
        sign_up(somebody, anna)
        confirm_here(somebody, anna)
        somebody.sign_out()
        sign_in(somebody, anna)
        is_at_home(somebody, anna)
        somebody.sign_out()
        somebody.go("/acces-oublie/")
        somebody.write("Adresse de courriel ou nom d’utilisateur", anna.address)
        somebody.press("Recevoir le message")
        open_mail(somebody, anna, number=2)
    # It is back, without what it held (F3): the worker takes its work up again by itself.
    beats = portal.sql("SELECT seen_at FROM notifications_heartbeat WHERE name = 'worker'")
    somebody.write("Nouveau mot de passe", NEW_PASSWORD)
    somebody.press("Enregistrer et me connecter")
    is_at_home(somebody, anna)
    portal.mail_to(anna.address, number=3)
    wait_until(
        lambda: portal.sql("SELECT seen_at FROM notifications_heartbeat WHERE name = 'worker'") > beats,
        seconds=PATIENCE,
    )
    assert len(portal.mails_to(anna.address)) == 3


@pytest.mark.long
def test_a_worker_killed_in_the_middle_of_a_mail_makes_it_leave_again_as_the_same_mail(
    portal: Portal, somebody: Visitor
) -> None:
    ben = Person(first_name="Ben", last_name="Roy", username="ben.roy", address="ben@exemple.fr")
    portal.mailbox.answers["DATA"] = [SILENCE]
    sign_up(somebody, ben)
    first = portal.mail_to(ben.address)
    portal.kill("worker")
    portal.start("worker")
    portal.sql("UPDATE notifications_message SET lease_until = now() WHERE state = 'waiting'")
    second = portal.mail_to(ben.address, number=2)
    assert first.id == second.id
    assert link_in(first) == link_in(second)
    confirm_here(somebody, ben)


@pytest.mark.long
def test_a_web_process_killed_before_it_could_answer_leaves_one_sign_up_after_another_try(
    portal: Portal, comes: Comes
) -> None:
    eli = Person(first_name="Eli", last_name="Lang", username="eli.lang", address="eli@exemple.fr")
    pupil = comes(looks_closely=False)
    accept_terms(pupil, eli.level)
    fill_in(pupil, eli)
    pupil.forgives = ("net::ERR_",)  # it tells that the answer never came
    with contextlib.closing(psycopg2.connect(portal.owner_url)) as lock:
        lock.cursor().execute("LOCK TABLE accounts_signinname IN SHARE MODE")
        pupil.button("Créer mon compte").click(no_wait_after=True)
        wait_until(lambda: portal.sql(SOMEBODY_WAITS), seconds=PATIENCE)
        portal.kill_web_processes()
    wait_until(portal.answers, seconds=PATIENCE)
    pupil.wait_until(lambda: ended(pupil))
    go_on(pupil)
    confirm_here(pupil, eli)
    assert len(portal.mails_to(eli.address)) == 1
    assert portal.sql("SELECT count(*) FROM accounts_user WHERE last_name = 'Lang'") == [(1,)]


@pytest.mark.long
def test_an_answer_that_is_lost_on_its_way_leaves_one_sign_up_after_another_try(
    portal: Portal, comes: Comes
) -> None:
    ida = Person(first_name="Ida", last_name="Marin", username="ida.marin", address="ida@exemple.fr")
    pupil = comes(looks_closely=False)
    accept_terms(pupil, ida.level)
    fill_in(pupil, ida)
    pupil.forgives = ("net::ERR_",)  # it tells that the answer never came

    portal.wire.answers_to_lose = 1
    pupil.button("Créer mon compte").click(no_wait_after=True)
    registered = "SELECT 1 FROM accounts_registration WHERE address = 'ida@exemple.fr'"
    pupil.wait_until(lambda: portal.sql(registered) and ended(pupil))
    go_on(pupil)
    confirm_here(pupil, ida)
    assert len(portal.mails_to(ida.address)) == 1
    assert portal.sql("SELECT count(*) FROM accounts_user WHERE last_name = 'Marin'") == [(1,)]


@pytest.mark.long
def test_the_broker_never_hears_of_anybody(portal: Portal, comes: Comes) -> None:
    ninon = Person(
        first_name="Ninon", last_name="Secrète", username="ninon.secrete", address="ninon@exemple.fr"
    )
    child = Person(
        first_name="Titouan",
        last_name="Secret",
        username="titouan.secret",
        address="parent.secret@exemple.fr",
        age="Moins de 15 ans",
    )
    heard: list[str] = []
    with portal.broker.client().monitor() as monitor:
        threading.Thread(
            target=lambda: heard.extend(said["command"] for said in until_the_end(monitor)), daemon=True
        ).start()
        pupil, parent = comes(looks_closely=False), comes(looks_closely=False)
        sign_up(pupil, ninon)
        confirm_here(pupil, ninon)
        pupil.go("/acces-oublie/")
        pupil.write("Adresse de courriel ou nom d’utilisateur", ninon.username)
        pupil.press("Recevoir le message")
        reset = open_mail(pupil, ninon, number=2)
        pupil.write("Nouveau mot de passe", NEW_PASSWORD)
        pupil.press("Enregistrer et me connecter")
        sign_up(parent, child)
        agreement = open_mail(parent, child)
        parent.write("Prénom de l’enfant", child.first_name)
        parent.tick("Je suis responsable légal de Titouan et j'accepte")
        parent.press("Donner mon accord")
        portal.mail_to(ninon.address, number=3)
        client = portal.broker.client()
        client.ping()
        kept = [f"{key!r} {client.dump(key)!r}" for key in client.scan_iter()]
        said = "\n".join([*heard, *kept])
    said += unpacked(said)
    assert "notifications.tasks.deliver" in said
    assert "notifications.tasks.sweep" in said
    token = re.compile(r"/([\w=-]{40,})/")
    secrets = [PASSWORD, NEW_PASSWORD, *token.findall(reset), *token.findall(agreement), "exemple.fr"]
    for person in (ninon, child):
        secrets += [person.first_name, person.last_name, person.username]
    sign_ups = "SELECT public_id FROM accounts_registration UNION SELECT public_id FROM accounts_user"
    secrets += [str(public_id) for (public_id,) in portal.sql(sign_ups)]
    assert [secret for secret in secrets if secret.lower() in said.lower()] == []


def unpacked(said: str) -> str:
    """Return the bodies of tasks, which Celery writes in base64."""
    found = []
    for body in re.findall(r"body\W+([\w+/]{8,}=*)", said):
        with contextlib.suppress(ValueError):
            found.append(base64.b64decode(body).decode(errors="replace"))
    assert any('"callbacks"' in body for body in found)
    return "\n".join(found)


def until_the_end(monitor: Any) -> Iterator[dict[str, Any]]:
    with contextlib.suppress(Exception):  # the connection is closed under it
        yield from monitor.listen()


def test_nobody_is_named_in_what_the_portal_writes_into_its_logs(portal: Portal, somebody: Visitor) -> None:
    cleo = Person(
        first_name="Cléopâtre", last_name="Journal", username="cleo.journal", address="cleo@exemple.fr"
    )
    sign_up(somebody, cleo)
    link = open_mail(somebody, cleo)
    confirm_here(somebody, cleo)
    said = portal.said()
    assert "message_closed" in said
    token = link.rstrip("/").rpartition("/")[2]
    for secret in (cleo.first_name, cleo.username, cleo.address, "exemple.fr", PASSWORD, token):
        assert secret not in said


@pytest.mark.long
def test_two_workers_and_two_clocks_send_every_mail_once(portal: Portal, somebody: Visitor) -> None:
    portal.kill("worker")
    portal.kill("beat")
    accept_terms(somebody, "Le collège")
    token = somebody.page.locator("main [name=csrfmiddlewaretoken]").get_attribute("value")
    addresses = [f"famille.{number}@exemple.fr" for number in range(9)]
    for number, address in enumerate(addresses):
        answer = somebody.page.request.post(
            "/college/inscription/",
            headers={"Referer": f"{portal.address}/college/inscription/"},
            form={
                "csrfmiddlewaretoken": str(token),
                "submission": str(uuid.uuid4()),
                "profile": "eleve",
                "age_group": "majeur",
                "first_name": "Camille",
                "last_name": "Famille",
                "username": f"camille.famille{number}",
                "password": PASSWORD,
                "academy": "70",
                "department": "14",
                "address": address,
                "address_again": address,
            },
        )
        assert answer.url.endswith("/inscription/verification/"), answer.text()
    for name in ("worker", "beat"):
        portal.start(name)
        portal.start(f"second-{name}", role=name)
    for address in addresses:
        portal.mail_to(address)
    unsent = "SELECT 1 FROM notifications_message WHERE state = 'waiting'"
    wait_until(lambda: not portal.sql(unsent), seconds=PATIENCE)
    beats = portal.sql("SELECT seen_at FROM notifications_heartbeat WHERE name = 'worker'")
    wait_until(
        lambda: portal.sql("SELECT seen_at FROM notifications_heartbeat WHERE name = 'worker'") > beats,
        seconds=PATIENCE,
    )
    assert Counter(mail.to for mail in portal.mailbox.messages if mail.to in addresses) == dict.fromkeys(
        addresses, 1
    )
    portal.kill("second-worker")
    portal.kill("second-beat")


@pytest.mark.long
def test_an_acknowledged_sign_up_survives_the_death_of_postgresql(
    postgres: PrivatePostgres, tmp_path: Path, comes: Comes
) -> None:
    with Portal(tmp_path, server=postgres.url).running() as portal:
        lou = Person(first_name="Lou", last_name="Perrin", username="lou.perrin", address="lou@exemple.fr")
        pupil = comes(at=portal, looks_closely=False)
        portal.kill("worker")  # the mail is still to be sent when the power fails
        portal.kill("beat")
        sign_up(pupil, lou)
        postgres.kill()
        pupil.go("/inscription/verification/", status=503)
        pupil.stands_on("Le service revient dans un instant")
        postgres.start()
        portal.start("worker")
        portal.start("beat")
        pupil.go("/inscription/verification/")
        pupil.stands_on("Vérifiez vos messages")
        confirm_here(pupil, lou)
        postgres.kill()
        pupil.go("/mon-espace/", status=503)
        postgres.start()
        pupil.go("/mon-espace/")
        is_at_home(pupil, lou)
        # The worker, too, finds its way back: another letter leaves.
        pupil.sign_out()
        pupil.go("/acces-oublie/")
        pupil.write("Adresse de courriel ou nom d’utilisateur", lou.address)
        pupil.press("Recevoir le message")
        open_mail(pupil, lou, number=2)
