"""« Mon compte »: what a person changes by themselves once they are signed in."""

from __future__ import annotations

from django.contrib.auth import update_session_auth_hash
from django.contrib.auth.hashers import check_password, make_password
from django.db import transaction
from django.db.models.functions import Now
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from audit import journal

from . import open_sessions
from .backends import forget_guesses
from .models import FirstSignIn, RecoveryRequest, User
from .recovery import tell_of_new_password

NAMES_CHANGED = journal.register_act("names.changed", _("Nom ou prénom corrigé"))
PASSWORD_CHANGED = journal.register_act("password.changed", _("Mot de passe changé"))


class Outdated(Exception):
    """The password was changed elsewhere at the same moment."""


def change_names(user: User, *, first_name: str, last_name: str) -> None:
    """Correct the names; only those that differ are written and noted."""
    changed = [
        name
        for name, value in (("first_name", first_name), ("last_name", last_name))
        if getattr(user, name) != value
    ]
    if not changed:
        return
    with transaction.atomic():
        user.first_name, user.last_name = first_name, last_name
        user.save(update_fields=changed)
        journal.record(act=NAMES_CHANGED, actor=user.subject, subject=user.subject, fields=changed)


def change_password(request: HttpRequest, user: User, password: str) -> None:
    """Set another password: every other session ends, links to choose one die, a mail tells it.

    Of the first one after a letter (SCREENS C4) nothing is told: the letter was the word.

    The same form sent twice at once acts once (SAFETY F14). Raises :class:`Outdated` when another
    password was chosen since ``user`` was read.
    """
    encoded = make_password(password)
    with transaction.atomic():
        before, user = user, User.objects.select_for_update().get(pk=user.pk)
        if user.password != before.password:
            if check_password(password, user.password):
                return
            raise Outdated
        is_first = user.owes_password
        user.password, user.owes_password = encoded, False
        user.save(update_fields=["password", "owes_password"])
        RecoveryRequest.objects.filter(user=user, used_at=None).update(used_at=Now())
        open_sessions.close_all(user, keep=request.session.session_key)
        if is_first:
            FirstSignIn.objects.filter(user=user).update(password_chosen_at=Now())
        else:
            tell_of_new_password(user)
        journal.record(act=PASSWORD_CHANGED, actor=user.subject, subject=user.subject, fields=["password"])
    update_session_auth_hash(request, user)  # gives this session a new key
    forget_guesses(user)
