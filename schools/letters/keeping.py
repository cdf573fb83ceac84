"""What letters say, codes among it: sealed, for a day at most, or until somebody says it is printed.

Web and worker share no disk (DESIGN section 3): the bytes stand in PostgreSQL, sealed by ``SECRET_KEY``, so
that a copy of the database opens no account.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from datetime import timedelta

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from audit import journal
from back_office.exports import Column, lines
from schools.models import LetterBatch, LetterFile, LetterPart
from schools.models.letters import FILES_KEPT
from schools.scope import Scope

from . import signs, typesetting
from .typesetting import Line

TAKEN = journal.register_act("letters.taken", _("Lettres de première connexion téléchargées"))
ERASED = journal.register_act("letters.erased", _("Fichier des lettres effacé, une fois imprimées"))
LETTERS_KEPT = timedelta(days=90)  # after the last day of their codes: who was given what, never a code


class NoFile(Exception):
    """Its day is over, it was erased, or it is not made yet."""


def seal(content: bytes) -> bytes:
    """Make bytes unreadable but for this portal."""
    return _box().encrypt(content)


def unseal(sealed: bytes | memoryview) -> bytes:
    """Read what :func:`seal` made. Raises :class:`NoFile` where the key is another one since."""
    try:
        return _box().decrypt(bytes(sealed))
    except InvalidToken as error:
        raise NoFile from error


def _box() -> MultiFernet:
    every = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    keys = [hashlib.sha256(f"schools.letters|{each}".encode()).digest() for each in every]
    return MultiFernet([Fernet(base64.urlsafe_b64encode(key)) for key in keys])


def lines_of(parts: list[LetterPart]) -> Iterator[Line]:
    """Yield what the letters of some parts say. Raises :class:`NoFile`."""
    for part in parts:
        yield from typesetting.unpack(unseal(part.sealed))


def take_pdf(batch: LetterBatch, number: int, *, scope: Scope, by: str) -> bytes:
    """Return a PDF of a batch to who may have it, and note it. Raises :class:`NoFile`."""
    _there(batch, scope)
    file = LetterFile.objects.filter(batch=batch, number=number).first()
    if file is None:
        raise NoFile
    content = unseal(file.sealed)
    _note(TAKEN, batch, by, "pdf")
    return content


def take_table(batch: LetterBatch, *, scope: Scope, by: str) -> str:
    """Return the same as a table for a spreadsheet, harmless to open (SAFETY T49), and note it.

    Raises :class:`NoFile`.
    """
    _there(batch, scope)
    parts = list(LetterPart.objects.filter(batch=batch))
    if not parts:
        raise NoFile
    columns = (
        Column(_("Classe"), lambda line: line.division),
        Column(_("Nom"), lambda line: line.name),
        Column(_("Élèves"), lambda line: line.about),
        Column(_("Identifiant"), lambda line: line.identifier),
        Column(_("Code"), lambda line: signs.shown(line.code)),
        Column(_("Adresse"), lambda line: line.address),
        Column(_("Dernier jour"), lambda line: batch.last_day.isoformat()),
    )
    table = "".join(lines(columns, lines_of(parts)))
    _note(TAKEN, batch, by, "table")
    return table


def erase(batch: LetterBatch, *, scope: Scope, by: str) -> None:
    """« C’est imprimé »: forget the files before their day is over. Twice is once. Raises :class:`NoFile`."""
    if not LetterBatch.objects.open_to(scope).filter(pk=batch.pk).exists():
        raise NoFile
    with transaction.atomic():
        if LetterBatch.objects.filter(
            pk=batch.pk, files_erased_at=None, state=LetterBatch.State.READY
        ).update(files_erased_at=Now()):
            forget(batch)
            _note(ERASED, batch, by, "files")


def forget(batch: LetterBatch) -> None:
    """Delete what the letters of a batch say."""
    LetterPart.objects.filter(batch=batch).delete()
    LetterFile.objects.filter(batch=batch).delete()


def purge() -> int:
    """Forget files after their day, and batches with their letters three months after their last day.

    Returns how many batches were touched. May be stopped, and run again at any moment (SAFETY G13).
    """
    touched = 0
    over = LetterBatch.objects.filter(files_erased_at=None, files_until__lte=Now())
    left = LetterBatch.objects.filter(
        Q(state__in=(LetterBatch.State.FAILED, LetterBatch.State.CANCELLED)), asked_at__lte=Now() - FILES_KEPT
    )
    for batch in [*over.order_by("pk")[:100], *left.filter(parts__isnull=False).distinct()[:100]]:
        with transaction.atomic():
            LetterBatch.objects.filter(pk=batch.pk, files_erased_at=None).update(files_erased_at=Now())
            forget(batch)
        touched += 1
    past = LetterBatch.objects.filter(expires_at__lt=Now() - LETTERS_KEPT).order_by("pk")[:100]
    for batch in past:
        batch.delete()
        touched += 1
    return touched


def _there(batch: LetterBatch, scope: Scope) -> None:
    if not LetterBatch.objects.open_to(scope).with_files().filter(pk=batch.pk).exists():
        raise NoFile


def _note(act: str, batch: LetterBatch, by: str, field: str) -> None:
    journal.record(
        act=act, actor=by, subject=batch.subject, fields=[field], academy=batch.school.academy.code
    )
