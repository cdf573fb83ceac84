"""Running a session: opening it, the room that does not answer, ending it (SCREENS B6).

What the database says counts. The room is asked after it, outside of any transaction and within the page
that wants it, so that a class opens with the broker gone (SAFETY F1); a room that does not answer leaves the
session « en cours d’ouverture », and the worker asks again (:mod:`virtual_classes.tasks`).
"""

from __future__ import annotations

import re
from datetime import timedelta

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.urls import reverse
from django.utils.crypto import salted_hmac

from accounts.models import User

from . import providers, teaching
from .models import ClassSession, ClassSessionQuerySet, Entry, RoomToEnd
from .models import Trouble as Why
from .models.sessions import LATE
from .providers import UnknownProvider
from .providers.base import Created, JoinAddress, NotConfigured, Person, Refused, Room, Trouble, Unavailable

ROOM_KEY = re.compile(r"[0-9a-f]{32}-[0-9]{1,4}")
AGAIN = timedelta(seconds=20)  # after which a room that did not answer is asked again
GIVE_UP = timedelta(hours=2)  # after which a room that could not be told of its end is left alone
MOST_AT_ONCE = 20  # rooms asked in one call of the sweeper


class NotAllowed(Exception):
    """This session is not this person's to run."""


class NotNow(Exception):
    """It has ended, or is not near yet."""


def open(session: ClassSession, *, by: User) -> ClassSession:
    """Open a session, from an hour before its time on; opened twice it is opened once.

    It is the opener's where the colleague who planned it teaches there no more. Raises :class:`NotAllowed`,
    :class:`NotNow` and :class:`teaching.NotATeacher`. A room that does not answer raises nothing: the session
    says so (``trouble``).
    """
    teaching.of(by, session.virtual_class.school_id)
    with transaction.atomic():
        mine = _mine(session, by)
        if mine.state == ClassSession.State.PLANNED:
            near = ClassSession.objects.filter(
                pk=mine.pk,
                during__startswith__lte=Now() + timedelta(hours=1),
                during__endswith__gt=Now() - LATE,
            )
            if not near.exists() or not mine.virtual_class.is_alive:
                raise NotNow
            _take_over(mine, by)
            ClassSession.objects.filter(pk=mine.pk).update(
                state=ClassSession.State.OPENING,
                try_again_at=Now() + AGAIN,
                door_version=F("door_version") + 1,
            )
        elif not mine.is_running:
            raise NotNow
    ask_for_room(session.pk)
    session.refresh_from_db()
    return session


def _take_over(session: ClassSession, by: User) -> None:
    """Make a session that its teacher may run no more the opener's. Raises :class:`NotNow`."""
    orphan = ClassSession.objects.filter(pk=session.pk).exclude(teacher=by).without_their_teacher()
    try:
        with transaction.atomic():
            orphan.update(teacher=by)
    except IntegrityError as elsewhere:  # the opener holds another session at this hour
        raise NotNow from elsewhere


def try_again(session: ClassSession, *, by: User) -> None:
    """Ask for the room once more. Raises :class:`NotAllowed`."""
    if not ClassSession.objects.run_by(by).filter(pk=session.pk).exists():
        raise NotAllowed
    ask_for_room(session.pk)


def change_provider(session: ClassSession, code: str, *, by: User) -> None:
    """Take another provider's room for this session: nobody at the door loses their place.

    Raises :class:`NotAllowed`, :class:`NotNow` once the room is there (those inside would stay behind in it),
    and ``UnknownProvider`` for one that there is not, or not for this académie.
    """
    rooms = [each.code for each in providers.available(session.virtual_class.academy.code)]
    if code not in rooms:
        raise UnknownProvider(code, rooms)
    with transaction.atomic():
        mine = _mine(session, by)
        if mine.provider == code and mine.is_live:
            return
        if not mine.is_live or mine.is_open:
            raise NotNow
        ClassSession.objects.filter(pk=mine.pk).update(
            provider=code,
            tries=F("tries") + 1,
            server="",
            created="",
            trouble="",
            state=ClassSession.State.OPENING if mine.is_running else mine.state,
            try_again_at=Now() + AGAIN if mine.is_running else None,
            door_version=F("door_version") + 1,
        )
    ask_for_room(session.pk)


def ask_for_room(key: int) -> None:
    """Ask the provider of a session that is being opened for its room, and write down what it said.

    May be called any number of times: a room is made once. Nothing is done for any other session.
    """
    opening = ClassSession.objects.select_related("virtual_class__academy", "teacher")
    session = opening.filter(pk=key, state=ClassSession.State.OPENING).first()
    if session is None:
        return
    tried = ClassSession.objects.filter(
        pk=key, state=ClassSession.State.OPENING, tries=session.tries, provider=session.provider
    )
    try:
        made = providers.get(session.provider).create(room_of(session))
    except Unavailable:
        _note_trouble(tried, Why.UNAVAILABLE)
    except Refused:
        _note_trouble(tried, Why.REFUSED)
    except (NotConfigured, UnknownProvider):
        _note_trouble(tried, Why.NOT_CONFIGURED)
    else:
        _note_room(tried, made)


def _note_trouble(tried: ClassSessionQuerySet, trouble: Why) -> None:
    tried.exclude(trouble=trouble).update(trouble=trouble, door_version=F("door_version") + 1)
    tried.update(try_again_at=Now() + AGAIN)


def _note_room(tried: ClassSessionQuerySet, made: Created) -> None:
    tried.update(
        state=ClassSession.State.OPEN,
        server=made.server,
        created=made.created,
        trouble="",
        try_again_at=None,
        opened_at=Now(),
        door_version=F("door_version") + 1,
    )


def end(session: ClassSession, *, by: User) -> None:
    """End a session: its seats and its way in end with it. Twice is once.

    Raises :class:`NotAllowed`, and :class:`NotNow` for one that nobody opened.
    """
    with transaction.atomic():
        mine = _mine(session, by)
        if mine.state == ClassSession.State.ENDED:
            return
        if not mine.is_running:
            raise NotNow
        _end(mine)
    tell_the_end(session.pk)


def ended_over_there(room_key: str) -> None:
    """End the session whose room the provider says is over; a room that is no session's is nobody's."""
    public_id, _dash, tries = room_key.partition("-")
    if not ROOM_KEY.fullmatch(room_key):
        return
    running = ClassSession.objects.running().filter(public_id=public_id, tries=tries)
    session = running.select_related("virtual_class__academy", "teacher").first()
    if session is None:
        return
    try:
        if providers.get(session.provider).is_running(room_of(session)):
            return  # somebody has seen the address of an older call
    except (Trouble, UnknownProvider):
        return  # it will close itself, if nobody ends it
    with transaction.atomic():
        locked = running.select_for_update(of=("self",)).first()
        if locked is not None:
            _end(locked)
    tell_the_end(session.pk)  # which also gives back the places that it held on its server


def _end(session: ClassSession) -> None:
    ClassSession.objects.filter(pk=session.pk).update(
        state=ClassSession.State.ENDED,
        ended_at=Now(),
        try_again_at=Now() + AGAIN if session.opened_at else None,
        owes_an_end=session.opened_at is not None,
        trouble="",
        seats_taken=0,
        door_version=F("door_version") + 1,
    )
    Entry.objects.inside().filter(session=session).update(state=Entry.State.LEFT)
    Entry.objects.waiting().filter(session=session).update(state=Entry.State.LEFT)


def tell_the_end(key: int) -> None:
    """Tell the room of a session that ended; one that does not answer is told again later."""
    owing = ClassSession.objects.select_related("virtual_class__academy", "teacher")
    session = owing.filter(pk=key, owes_an_end=True).first()
    if session is None:
        return
    told = ClassSession.objects.filter(pk=key)
    try:
        providers.get(session.provider).end(room_of(session))
    except Unavailable:
        told.filter(ended_at__gt=Now() - GIVE_UP).update(try_again_at=Now() + AGAIN)
        told.filter(ended_at__lte=Now() - GIVE_UP).update(owes_an_end=False, try_again_at=None)
    except (Refused, NotConfigured, UnknownProvider):
        told.update(owes_an_end=False, try_again_at=None)
    else:
        told.update(owes_an_end=False, try_again_at=None)


def sweep() -> None:
    """Ask again for rooms that did not answer, and end what nobody will end.

    That is what was forgotten for half an hour after its time, and what has no teacher any more: nobody stays
    in a room that is no one's.
    """
    for key in _end_all(ClassSession.objects.running().without_their_teacher()):
        tell_the_end(key)
    _end_all(ClassSession.objects.running().filter(during__endswith__lte=Now() - LATE))
    _end_rooms_of_nobody()
    due = ClassSession.objects.filter(try_again_at__lte=Now())
    for key, state in list(due.order_by("try_again_at").values_list("pk", "state")[:MOST_AT_ONCE]):
        # Whoever else sweeps looks away for a while.
        if not due.filter(pk=key).update(try_again_at=Now() + AGAIN):
            continue
        if state == ClassSession.State.ENDED:
            tell_the_end(key)
        else:
            ask_for_room(key)


def _end_all(sessions: ClassSessionQuerySet) -> list[int]:
    """End each of some sessions that run; return the keys of those that did."""
    ended = []
    for key in list(sessions.order_by("pk").values_list("pk", flat=True)[:200]):
        with transaction.atomic():
            # Locked first, judged afterwards: its teacher may have come back, or ended it.
            row = ClassSession.objects.select_for_update(skip_locked=True).filter(pk=key).first()
            if row is not None and sessions.filter(pk=key).exists():
                _end(row)
                ended.append(key)
    return ended


def leave_to_the_sweeper(sessions: ClassSessionQuerySet) -> None:
    """Note the rooms of sessions that are about to be erased, in the caller's transaction.

    The sweeper closes them once that transaction is over: who is inside is sent out.
    """
    rooms = [
        RoomToEnd(provider=each.provider, key=each.room_key, server=each.server, created=each.created)
        for each in sessions.select_for_update(of=("self",)).order_by("pk")
        if each.is_running or each.owes_an_end
    ]
    RoomToEnd.objects.bulk_create(rooms, ignore_conflicts=True)


def _end_rooms_of_nobody() -> None:
    due = RoomToEnd.objects.filter(try_again_at__lte=Now()).order_by("try_again_at")
    for each in list(due[:MOST_AT_ONCE]):
        if not due.filter(pk=each.pk).order_by().update(try_again_at=Now() + AGAIN):
            continue
        row = RoomToEnd.objects.filter(pk=each.pk)
        room = Room(key=each.key, title="", capacity=0, server=each.server, created=each.created)
        try:
            providers.get(each.provider).end(room)
        except Unavailable:
            row = row.filter(since__lte=Now() - GIVE_UP)  # else it is asked again
        except (Refused, NotConfigured, UnknownProvider):
            pass  # nobody is left to end it
        row.delete()


def room_of(session: ClassSession) -> Room:
    """Return the room as its provider is asked for it: named by a number, with no name of a person."""
    return Room(
        key=session.room_key,
        title=session.virtual_class.title,
        capacity=min(session.capacity + 5, 300),  # teachers have a place besides the seats
        opened=session.opened_at,
        language=session.teacher.language,
        callback_url=settings.SITE_URL + reverse("class_room_ended", args=[session.provider]),
        logout_url=settings.SITE_URL + reverse("class_left"),
        server=session.server,
        created=session.created,
        link=session.virtual_class.pasted_link,
        academy=session.virtual_class.academy.code,
    )


def way_in(session: ClassSession, *, key: str, name: str, moderator: bool) -> JoinAddress:
    """Make the address by which one person goes into the room. Raises the refusals of the providers."""
    person = Person(key=key, name=name, moderator=moderator)
    return providers.get(session.provider).join_address(room_of(session), person)


def teachers_way_in(session: ClassSession, *, by: User) -> JoinAddress:
    """Make the way in for a teacher of the class.

    Raises :class:`NotAllowed`, :class:`NotNow` while there is no room, and the refusals of the providers.
    """
    mine = (
        ClassSession.objects.run_by(by)
        .select_related("virtual_class__academy", "teacher")
        .filter(pk=session.pk)
        .first()
    )
    if mine is None:
        raise NotAllowed
    if not mine.is_open:
        raise NotNow
    return way_in(mine, key=key_of_a_teacher(mine, by), name=by.full_name, moderator=True)


def key_of_a_teacher(session: ClassSession, teacher: User) -> str:
    """Return what the room calls a teacher: the same all session long, and nothing that names them."""
    said = f"{session.public_id.hex}|{teacher.public_id.hex}"
    return salted_hmac("virtual_classes.teacher", said, algorithm="sha256").hexdigest()[:32]


def _mine(session: ClassSession, by: User) -> ClassSession:
    mine = (
        ClassSession.objects.run_by(by)
        .select_for_update(of=("self",))
        .select_related("virtual_class")
        .filter(pk=session.pk)
        .first()
    )
    if mine is None:
        raise NotAllowed
    return mine
