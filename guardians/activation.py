"""A guardian's first sign-in, as far as who they are: a code by SMS, or FranceConnect (SCREENS D3 to D6).

Every step is one row's (:class:`~guardians.models.Activation`): left half-way, it goes on where it was, in
the same browser, for thirty minutes. Nothing here tells a stranger whom a school knows (SAFETY G1, T6).
What follows stands in :mod:`guardians.declaring` (the children) and :mod:`guardians.finishing` (the account).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Now

from accounts.models import User
from economy.together import Batch
from notifications import outbox
from schools.person_names import comparison_key
from throttling import limits

from . import codes, matching
from .franceconnect.identity import Identity
from .models import AT_HAND, GUESSES, Activation, ContactAccount

KIND_CODE = "guardians.code"  # the SMS
LENGTH_OF_A_COOLDOWN = timedelta(seconds=60)
DAY, TEN_MINUTES, HOUR = timedelta(days=1), timedelta(minutes=10), timedelta(hours=1)


class OutOfTime(Exception):
    """The step came too late, in another browser, or after an account was made: begin anew."""


class Nobody(Exception):
    """No school's record is this person's, or two people could be meant; nobody is told more (SAFETY T13)."""


class HasAccount(Exception):
    """One of the records has an account: whoever comes another way signs in to it first (SAFETY T42).

    ``owner`` is whose it is, where a code of the school leads on once they have.
    """

    def __init__(self, owner: User | None = None) -> None:
        super().__init__()
        self.owner = owner


def asking_limits(first_name: str, last_name: str, mobile: str) -> tuple[limits.Limit, ...]:
    """Return how often a code may be asked for with one name and number, known or not (SAFETY T7, T8).

    Whoever has the number and not the name uses up nothing of its owner's.
    """
    asked = f"{mobile} {comparison_key(last_name)} {comparison_key(first_name)}"
    return (
        limits.Limit("guardians.sms_cooldown", asked, 1, LENGTH_OF_A_COOLDOWN),
        limits.Limit("guardians.sms_asked", asked, 3, TEN_MINUTES),
        limits.Limit("guardians.sms_asked", asked, 5, DAY),
    )


def sending_limit(mobile: str) -> limits.Limit:
    """Return how many codes a number gets in a day, under whatever name: judged when one is sent."""
    return limits.Limit("guardians.sms_number", mobile, 10, DAY)


def start(
    *, first_name: str, last_name: str, mobile: str, browser: str, client: str, language: str
) -> Activation:
    """Begin a first sign-in, and have a code sent to a number that a school's record has with this name.

    ``mobile`` is E.164, ``browser`` the hash of the browser's number, ``client`` its network. What went
    before in this browser is given up. The same statements and the same answer for everybody. Raises
    :class:`throttling.limits.Refused`.
    """
    limits.hit(
        *asking_limits(first_name, last_name, mobile),
        limits.Limit("guardians.sms_device", browser, 10, DAY),
        limits.Limit("guardians.sms_network", client, 300, HOUR),
    )
    known = matching.contacts_known_by(first_name, last_name, mobile)
    activation = Activation(
        browser=browser,
        language=language,
        first_name=first_name,
        last_name=last_name,
        mobile=mobile,
        contacts=[contact.pk for contact in known],
    )
    with transaction.atomic():
        batch = Batch()
        # What went before in this browser, together with the row that takes its place.
        batch.part("before", FORGET.format(condition=GIVEN_UP) + " RETURNING id", [browser])
        batch.part("said", FORGET_ANSWERS.format(gone="before"))
        batch.insert(activation)
        _post_code(activation, batch)
        batch.run()
    return activation


def start_with_identity(
    who: Identity, child_born: str, *, browser: str, client: str, language: str
) -> Activation:
    """Begin a first sign-in with what FranceConnect proved, and the birth date of one child (SCREENS D3).

    ``child_born`` is « 2012-03-09 », with 00 where the papers have none. Counted before it is judged. Raises
    :class:`Nobody`, :class:`HasAccount` and :class:`throttling.limits.Refused`.
    """
    limits.hit(
        limits.Limit("guardians.identity_person", f"{who.issuer} {who.sub}", 5, DAY),
        limits.Limit("guardians.identity_device", browser, 10, DAY),
        limits.Limit("guardians.sms_network", client, 300, HOUR),
    )
    known = matching.contacts_of_identity(
        family_name=who.family_name,
        usage_name=who.preferred_username,
        given_names=who.given_names,
        child_born=child_born,
    )
    if not known:
        raise Nobody
    if ContactAccount.objects.filter(contact__in=known).exists():
        raise HasAccount
    given = who.given_names.replace(",", " ").split()[0]
    with transaction.atomic():
        give_up(browser)
        return Activation.objects.create(
            browser=browser,
            language=language,
            first_name=given[:100],
            last_name=(who.preferred_username or who.family_name)[:100],
            issuer=who.issuer,
            sub=who.sub,
            contacts=[contact.pk for contact in known],
            verified_at=Now(),
        )


def account_of(who: Identity) -> User | None:
    """Return the account that somebody comes to by FranceConnect, by issuer and ``sub`` alone."""
    return User.objects.filter(
        franceconnect_accounts__issuer=who.issuer, franceconnect_accounts__sub=who.sub, is_active=True
    ).first()


FORGET = "DELETE FROM guardians_activation WHERE {condition}"
FORGET_ANSWERS = "DELETE FROM guardians_activationanswer WHERE activation_id IN (SELECT id FROM {gone})"
GIVEN_UP = "browser = %s AND user_id IS NULL"


def give_up(browser: str) -> None:
    """Forget a first sign-in of this browser that made no account."""
    _forget(GIVEN_UP, browser)


def forget_of(user: User) -> None:
    """Forget what its owner typed on the way to an account."""
    _forget("user_id = %s", user.pk)


def _forget(condition: str, value: str | int) -> None:
    """Delete first sign-ins and their answers by one statement, without asking first what there is."""
    gone = FORGET.format(condition=condition)
    with connection.cursor() as cursor:
        cursor.execute(f"WITH gone AS ({gone} RETURNING id) {FORGET_ANSWERS.format(gone='gone')}", [value])


def _post_code(activation: Activation, batch: Batch) -> None:
    """Put the SMS in the outbox; for nobody's number the row is written as well, with nowhere to go.

    The worker closes it as without purpose: the pages cost the same for everybody (SAFETY G2).
    """
    outbox.post(
        kind=KIND_CODE,
        reference=f"{activation.public_id}.{activation.code_number}",
        to=activation.mobile if activation.contacts else "",
        channel=outbox.Channel.SMS,
        language=activation.language,
        batch=batch,
    )


def send_again(activation: Activation) -> None:
    """« Renvoyer le SMS »: another code; the one before is dead.

    Raises :class:`throttling.limits.Refused` and :class:`OutOfTime`.
    """
    limits.hit(
        *asking_limits(activation.first_name, activation.last_name, activation.mobile),
        limits.Limit("guardians.sms_device", activation.browser, 10, DAY),
    )
    with transaction.atomic():
        changed = (
            Activation.objects.alive()
            .filter(pk=activation.pk, verified_at=None)
            .update(code_number=F("code_number") + 1, guesses=0, lives_until=Now() + AT_HAND)
        )
        if not changed:
            raise OutOfTime
        activation.refresh_from_db()
        batch = Batch()
        _post_code(activation, batch)
        batch.run()


def of_browser(browser: str) -> Activation | None:
    """Return the first sign-in that is under way in this browser, if its time is not over."""
    if not browser:
        return None
    return Activation.objects.alive().filter(browser=browser).order_by("-pk").first()


def verify_code(activation: Activation, typed: str) -> bool:
    """Judge a code: at most five are, also of a hundred that arrive together (SAFETY G7).

    Each is counted and judged by one statement, whose condition only five can meet: a right one has no
    effect without it. What is no code of six digits does not count. The same page sent twice at once leads
    on twice (SAFETY F14): its browser is past this step. Raises :class:`OutOfTime` once none is judged any
    more.
    """
    if not codes.read(typed):
        return False
    is_right = bool(activation.contacts) and codes.is_right(activation, typed)
    said: list[Any] = [is_right, is_right, AT_HAND, activation.pk, activation.code_number, GUESSES]
    with connection.cursor() as cursor:
        cursor.execute(JUDGE, said)
        judged = cursor.fetchone()
    if judged is None:
        activation.refresh_from_db()
        if not Activation.objects.alive().filter(pk=activation.pk, verified_at__isnull=False).exists():
            raise OutOfTime
        return True
    activation.verified_at = judged[0]
    return is_right


JUDGE = """
UPDATE guardians_activation
   SET guesses = guesses + 1,
       verified_at = CASE WHEN %s THEN statement_timestamp() END,
       lives_until = CASE WHEN %s THEN statement_timestamp() + %s ELSE lives_until END
 WHERE id = %s AND code_number = %s AND guesses < %s
   AND verified_at IS NULL AND lives_until > statement_timestamp()
RETURNING verified_at
"""


def purge() -> int:
    """Forget first sign-ins whose time is over, and the trace of those that made an account a week ago."""
    over = Activation.objects.filter(lives_until__lte=Now() - timedelta(minutes=5), user=None)
    read = Activation.objects.filter(lives_until__lte=Now() - timedelta(days=7))
    return over.delete()[0] + read.delete()[0]


def goes_on_as(under_way: Activation, owner: User) -> None:
    """Let a school's code end as children added to an account, once its owner has signed in."""
    Activation.objects.filter(pk=under_way.pk, user=None).update(joins=owner)
