"""Keeps messages instead of sending them, for the local mailbox page."""

from __future__ import annotations

from notifications.models import LocalMessage

from .base import Parcel


class Gateway:
    """Puts each parcel in a table: what a builder reads instead of a mailbox or a phone."""

    def send(self, parcel: Parcel) -> None:
        """Keep the parcel."""
        LocalMessage.objects.create(
            message_id=parcel.id,
            channel=parcel.channel,
            to=parcel.to,
            subject=parcel.letter.subject,
            text=parcel.letter.text,
            html=parcel.letter.html,
        )

    def close(self) -> None:
        """There is nothing to close."""
