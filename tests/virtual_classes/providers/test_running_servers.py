"""Staff declare the servers of their académie, and learn what is wrong with them (SAFETY T35, T50)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from accounts.models import User
from audit.models import Record
from schools.models import Academy
from tests.accounts.staff import appoint, staff_client
from virtual_classes import servers
from virtual_classes.models import HeldPlaces, MeetingServer

from .big_blue_button_server import FakeBigBlueButton

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("academies")]
LIST = "/administration/virtual_classes/meetingserver/"
WHY = {"reason": "Le rectorat a un nouveau serveur."}
SECRET = "un-secret-de-quarante-caracteres-environ"
More = Callable[[], FakeBigBlueButton]


@pytest.fixture
def dane(academies: None) -> User:
    return appoint(None, "dane", "70")


@pytest.fixture
def national(academies: None) -> User:
    return appoint(None, "national")


def typed(**changes: Any) -> dict[str, Any]:
    return {
        "name": "Serveur de Caen",
        "url": "https://bbb.ac-normandie.fr/bigbluebutton/",
        "secret": SECRET,
        "capacity": "150",
        "academy": "70",
        **WHY,
        **changes,
    }


def text_of(answer: Any) -> str:
    return str(answer.content.decode().replace("\xa0", " ").replace("&#x27;", "'"))


def declared(by: User, **changes: Any) -> MeetingServer:
    said = {**typed(), "academy": Academy.objects.get(code="70"), "capacity": 150, **changes}
    return servers.add(**said, by=by)


def act(client: Client, server: MeetingServer, name: str, **said: Any) -> str:
    return text_of(client.post(f"{LIST}{server.pk}/acte/{name}/", {**WHY, **said}, follow=True))


# Declaring ------------------------------------------------------------------------------------


def test_the_dane_declares_a_server_of_its_academie(dane: User) -> None:
    client = staff_client(dane)
    page = text_of(client.get(f"{LIST}add/"))
    assert "Normandie" in page and "Lyon" not in page and "Toutes les académies" not in page
    answer = text_of(client.post(f"{LIST}add/", typed(), follow=True))
    assert "Le serveur est déclaré" in answer and "Vérifier ce serveur" in answer
    server = MeetingServer.objects.get(from_settings=False)
    assert (server.academy and server.academy.code, server.capacity, server.secret) == ("70", 150, SECRET)
    line = Record.objects.get(act="meeting_server.added")
    assert (line.academy, line.reason) == ("70", WHY["reason"])
    assert SECRET not in str(vars(line)) and "ac-normandie" not in str(vars(line))


def test_national_staff_declare_one_for_all(national: User) -> None:
    client = staff_client(national)
    client.post(f"{LIST}add/", typed(academy="*"))
    assert MeetingServer.objects.get(from_settings=False).academy is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"academy": "10"}, "Sélectionnez un choix valide"),
        ({"academy": "*"}, "Sélectionnez un choix valide"),
        ({"url": "http://bbb.ac-normandie.fr/"}, "L’adresse doit commencer par https://."),
        ({"url": "bbb.ac-normandie.fr"}, "Écrivez une adresse entière"),
        ({"url": "https://moi:secret@bbb.ac-normandie.fr/"}, "ni compte"),
        ({"url": "https://bbb.ac-normandie.fr/?checksum=x"}, "ni compte"),
        ({"url": "https://bbb.ac-normandie.fr:port/"}, "Ce n’est pas une adresse."),
        ({"url": "https://10.0.0.1/bigbluebutton/"}, "interne au portail"),
        ({"url": "http://127.0.0.1:6379/"}, "interne au portail"),
        ({"secret": "court"}, "Ce secret est trop court"),
        ({"capacity": "0"}, "supérieure ou égale à 2"),
        ({"reason": ""}, "Dites pourquoi"),
    ],
)
def test_what_is_wrong_is_said_and_nothing_is_kept(dane: User, changes: dict[str, str], said: str) -> None:
    answer = text_of(staff_client(dane).post(f"{LIST}add/", typed(**changes)))
    assert said in answer
    assert not MeetingServer.objects.filter(from_settings=False).exists()
    assert SECRET not in answer  # it is to be typed again, not to be read in the page


def test_a_server_is_declared_once(dane: User) -> None:
    declared(dane)
    answer = text_of(staff_client(dane).post(f"{LIST}add/", typed(name="Encore")))
    assert "déjà" in answer
    assert MeetingServer.objects.filter(from_settings=False).count() == 1


@pytest.mark.parametrize("role", [("dane", "10"), ("support", "70"), ("dpo", None)])
def test_others_neither_find_nor_declare_it(dane: User, role: tuple[str, str | None]) -> None:
    server = declared(dane)
    stranger = appoint(None, *role)
    with pytest.raises(servers.NotAllowed):
        declared(stranger, url="https://bbb2.ac-normandie.fr")
    with pytest.raises(servers.NotAllowed):
        servers.change(server, capacity=2, by=stranger, reason="x")
    with pytest.raises(servers.NotAllowed):
        servers.switch(server, on=False, by=stranger, reason="x")
    assert MeetingServer.objects.get(pk=server.pk).is_on


# Looking --------------------------------------------------------------------------------------


def test_the_secret_is_on_no_page(dane: User) -> None:
    server = declared(dane)
    client = staff_client(dane)
    for page in ("", f"{server.pk}/change/", f"{server.pk}/acte/modifier/", f"{server.pk}/acte/verifier/"):
        shown = text_of(client.get(LIST + page))
        assert "Serveur de Caen" in shown
        assert SECRET not in shown and server.sealed_secret not in shown


def test_the_list_says_how_full_each_server_is(dane: User) -> None:
    server = declared(dane)
    HeldPlaces.objects.create(server=server, room="classe-0001", seats=35, until="2100-01-01T00:00Z")
    HeldPlaces.objects.create(server=server, room="classe-0002", seats=35, until="2020-01-01T00:00Z")
    assert "35 sur 150" in text_of(staff_client(dane).get(LIST))


def test_the_server_of_the_settings_is_shown_where_there_is_one(
    national: User, bbb: FakeBigBlueButton, settings: Any
) -> None:
    client = staff_client(national)
    server = MeetingServer.objects.get(from_settings=True)
    assert bbb.url in text_of(client.get(f"{LIST}{server.pk}/change/"))
    assert "dans les réglages" in act(
        client, server, "modifier", url="https://ailleurs.exemple.fr", secret=SECRET
    )
    assert "Le serveur est modifié." in act(client, server, "modifier", capacity="500")
    server.refresh_from_db()
    assert (server.capacity, server.url) == (500, "")
    settings.BBB_URL = ""
    assert client.get(f"{LIST}{server.pk}/change/").status_code == 404


# Verifying ------------------------------------------------------------------------------------


def at(server: FakeBigBlueButton, national: User) -> MeetingServer:
    return declared(national, url=server.url, secret=server.secret)


def test_a_good_server_is_said_to_be_good(national: User, another: More) -> None:
    there = another()
    assert "Le serveur répond et accepte le secret." in act(
        staff_client(national), at(there, national), "verifier"
    )
    assert there.asked == {"isMeetingRunning": 1}


@pytest.mark.parametrize(
    ("trouble", "said"),
    [
        ("slow", "répond trop lentement"),
        ("500", "regardez ses journaux"),
        ("html", "vérifiez l’adresse de l’API"),
        ("redirect", "écrivez ici l’adresse définitive"),
        ("huge", "beaucoup trop longue"),
    ],
)
def test_what_is_wrong_with_a_server_is_said_in_french(
    national: User, another: More, trouble: str, said: str
) -> None:
    there = another()
    server = at(there, national)
    there.trouble["isMeetingRunning"] = trouble
    client = staff_client(national)
    assert said in act(client, server, "verifier")
    assert said in text_of(client.get(f"{LIST}{server.pk}/change/"))  # for who comes later
    there.trouble.clear()
    act(client, server, "verifier")
    assert "rien à signaler" in text_of(client.get(LIST))


def test_a_wrong_secret_and_a_server_that_is_off_are_told_apart(national: User, another: More) -> None:
    there = another()
    server = at(there, national)
    client = staff_client(national)
    there.secret = "changé là-bas sans le dire"
    assert "le secret n’est pas le bon" in act(client, server, "verifier")
    there.stop()
    assert "ne répond pas" in act(client, server, "verifier")


# Changing -------------------------------------------------------------------------------------


def test_what_is_left_empty_stays(dane: User) -> None:
    server = declared(dane)
    client = staff_client(dane)
    assert "Le serveur est modifié." in act(client, server, "modifier", capacity="80")
    server.refresh_from_db()
    assert (server.name, server.capacity, server.secret) == ("Serveur de Caen", 80, SECRET)
    assert Record.objects.get(act="meeting_server.changed").fields == ["capacity"]


def test_a_new_address_needs_its_secret(dane: User) -> None:
    server = declared(dane)
    client = staff_client(dane)
    elsewhere = "https://bbb2.ac-normandie.fr/bigbluebutton/"
    assert "écrivez aussi le secret" in act(client, server, "modifier", url=elsewhere)
    assert MeetingServer.objects.get(pk=server.pk).url != elsewhere
    act(client, server, "modifier", url=elsewhere, secret="un-secret-tout-neuf")
    server.refresh_from_db()
    assert (server.url, server.secret) == (elsewhere, "un-secret-tout-neuf")
    assert Record.objects.get(act="meeting_server.changed").fields == ["url", "secret"]


def test_a_server_is_switched_off_and_on_again(dane: User) -> None:
    server = declared(dane)
    client = staff_client(dane)
    assert "Aucune nouvelle classe" in act(client, server, "mettre-hors-service")
    assert not MeetingServer.objects.get(pk=server.pk).is_on
    servers.switch(server, on=False, by=dane, reason="x")  # twice is once
    assert Record.objects.filter(act="meeting_server.switched_off").count() == 1
    assert "Le serveur est en service." in act(client, server, "mettre-en-service")
    assert MeetingServer.objects.get(pk=server.pk).is_on
