"""What allauth does differently here. The reasons stand in docs/adr/0001-what-we-keep-of-allauth.md.

- nobody signs up through allauth: :mod:`accounts.registration` does it;
- no flash messages at sign-in and sign-out: the pages say where one is;
- mails are outbox rows, never sent by allauth itself.
"""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse


class AccountAdapter(DefaultAccountAdapter):
    """The portal's account adapter."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        """Nobody: a person exists only once :func:`accounts.registration.confirm` made them."""
        return False

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """Say nothing: the next page says it."""

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Refuse: a mail that is not an outbox row could be lost (SAFETY G10)."""
        raise RuntimeError("Mails leave through notifications.outbox only.")

    def send_notification_mail(self, *args: Any, **kwargs: Any) -> None:
        """Refuse, like :meth:`send_mail`."""
        raise RuntimeError("Mails leave through notifications.outbox only.")

    def respond_user_inactive(self, request: HttpRequest, user: Any) -> HttpResponse:
        """Lead to the sign-in page, where a suspended account is told what everybody is told."""
        return redirect("account_login")

    def get_logout_redirect_url(self, request: HttpRequest) -> str:
        """Lead home."""
        return reverse("home")
