"""What a builder reads instead of a mailbox or a phone."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import Http404
from django.test import Client, RequestFactory
from django.urls import reverse

from notifications import delivery, views
from notifications.models import Channel, LocalMessage
from tests.notifications import hello
from tests.notifications.outbox_rows import post

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def builder(settings: Any) -> None:
    settings.DEBUG = True
    settings.MAIL_GATEWAY = settings.SMS_GATEWAY = "notifications.gateways.local.Gateway"


def test_a_mail_and_an_sms_are_kept_newest_first(client: Client) -> None:
    post("r1")
    delivery.drain()
    post("r2", "+33639980001", Channel.SMS)
    delivery.drain()
    page = client.get(reverse("local_mailbox")).content.decode()
    assert page.index("+33639980001") < page.index("ana@example.org")
    assert "Bonjour r1" in page


def test_the_link_of_a_mail_can_be_followed(client: Client) -> None:
    post("r1")
    delivery.drain()
    kept = LocalMessage.objects.get()
    page = client.get(reverse("local_message", args=[kept.pk])).content.decode()
    assert f'<a href="{hello.LINK}"' in page
    assert reverse("local_message_html", args=[kept.pk]) in page


def test_the_html_of_a_mail_is_shown_in_a_sandbox(client: Client) -> None:
    post("r1")
    delivery.drain()
    kept = LocalMessage.objects.get()
    answer = client.get(reverse("local_message_html", args=[kept.pk]))
    assert answer.content.decode() == kept.html
    policy = answer.headers["Content-Security-Policy"]
    assert "sandbox allow-popups" in policy
    assert "script-src" not in policy
    assert "default-src 'none'" in policy


def test_markup_in_a_text_is_shown_as_text(client: Client) -> None:
    kept = LocalMessage.objects.create(
        message_id=post().public_id, channel="sms", to="+33639980001", text="<script>alert(1)</script>"
    )
    page = client.get(reverse("local_message", args=[kept.pk])).content.decode()
    assert "&lt;script&gt;alert(1)" in page


def test_an_sms_has_no_html_page(client: Client) -> None:
    post("r1", "+33639980001", Channel.SMS)
    kept = LocalMessage.objects.create(
        message_id=post().public_id, channel="sms", to="+33639980001", text="a"
    )
    assert client.get(reverse("local_message_html", args=[kept.pk])).status_code == 404


@pytest.mark.parametrize("view", [views.local_mailbox, views.local_message, views.local_message_html])
def test_without_debug_there_is_no_mailbox(settings: Any, rf: RequestFactory, view: Any) -> None:
    settings.DEBUG = False
    with pytest.raises(Http404):
        view(rf.get("/boite-locale/"), **({} if view is views.local_mailbox else {"pk": 1}))


def test_at_most_200_are_listed(client: Client) -> None:
    message = post()
    LocalMessage.objects.bulk_create(
        LocalMessage(message_id=message.public_id, channel="mail", to="a@b.c", subject=f"sujet-{n}-", text="")
        for n in range(205)
    )
    page = client.get(reverse("local_mailbox")).content.decode()
    assert page.count("sujet-") == 200
    assert "sujet-204-" in page


def test_an_empty_mailbox_says_so(client: Client) -> None:
    assert "Aucun message" in client.get(reverse("local_mailbox")).content.decode()
