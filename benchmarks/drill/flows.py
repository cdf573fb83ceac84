"""What people do in the drill, one class each. Another flow is another class in ``FLOWS``."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol

from benchmarks.browser import Answer
from benchmarks.guardians import IDENTIFIER, START
from benchmarks.journeys import acceptance, new_account

from .comparison import Kept
from .people import Person, Trouble

Query = Callable[..., list[tuple[Any, ...]]]
CHECK_MAIL = "/inscription/verification/"


class Flow(Protocol):
    """One thing people come for, and what the database must hold of it afterwards."""

    def walk(self, person: Person) -> None:
        """Go all the way; say ``person.begun()`` and ``person.done()`` when the portal has said so."""

    def kept(self, sql: Query) -> dict[str, Kept]:
        """Return, by the name of each person who came for this, what the database holds of it."""


class SignUp:
    """Consent, form, mail, confirmation. The mail may be refused: then another address is given."""

    def walk(self, person: Person) -> None:
        """See :class:`Flow`."""
        consent = person.get("/college/conditions/", step="consent")
        person.post(
            "/college/conditions/",
            acceptance(consent.text),
            step="accept",
            right=lambda answer: answer.location == "/college/inscription/",
        )
        person.get("/college/inscription/", step="form")
        typed = new_account(person.name, f"tZ7#kqpLw-{person.name[-5:]}", person.addresses[0])
        person.post("/college/inscription/", typed, step="sign up", right=_leads_to_the_mail)
        person.begun()
        link = self._living_link(person)
        person.post(link, {}, step="confirm", right=_says_confirmed)
        person.get(link, step="thanks", right=_says_confirmed)
        person.done()

    def _living_link(self, person: Person) -> str:
        """Wait for a mail whose link opens; meanwhile look now and then what became of it."""
        while True:
            mail = person.next_mail(seconds=5)
            if mail is not None:
                opened = person.get(mail.link, step="link", right=lambda it: it.status in (200, 404))
                if opened.status == 200:
                    return mail.link
                continue  # it is the one from before the address was corrected
            page = person.get(CHECK_MAIL, step="check mail")
            if "fr-alert--error" in page.text:
                address = person.another_address()
                typed = {
                    "action": "correct",
                    "sign_up": page.text.partition('name="sign_up" value="')[2][:36],
                    "address": address,
                    "address_again": address,
                }
                person.post(CHECK_MAIL, typed, step="other address", right=_leads_to_the_mail)
            if person.is_late:
                raise Trouble("no mail to the end")

    def kept(self, sql: Query) -> dict[str, Kept]:
        """Sign-ups and people by the name in their address; a person counts with their journal's line."""
        name = r"substring({} from 'famille\.n\d+')"
        begun = sql(f"SELECT {name.format('address')} FROM accounts_registration")
        done = sql(
            f"SELECT {name.format('email')} FROM account_emailaddress"
            " JOIN accounts_user u ON u.id = user_id"
            " JOIN audit_record r ON r.subject = 'user:' || u.public_id AND r.act = 'account.confirmed'"
        )
        sign_ups, people = Counter(row[0] for row in begun), Counter(row[0] for row in done)
        return {each: Kept(sign_ups[each], people[each]) for each in sign_ups | people if each}


def _leads_to_the_mail(answer: Answer) -> bool:
    return answer.status == 302 and answer.location == CHECK_MAIL


def _says_confirmed(answer: Answer) -> bool:
    return answer.status == 302 or "Votre enregistrement a été confirmé" in answer.text


class FirstSignIn:
    """A guardian: name and number, code by SMS, a child, a password, the identifier (SAFETY 5).

    Who pressed twice and was told to wait before another code looks whether one is under way; a browser that
    lost the answer has none, and begins again when it may.
    """

    COOLDOWN = 61  # seconds

    def walk(self, person: Person) -> None:
        """See :class:`Flow`."""
        who = person.as_guardian
        person.addresses[:] = [who.mobile]
        child = self._to_the_child(person)
        person.post(child, who.is_guardian(), step="child", right=_leads_to(f"{START}enfants/"))
        person.post(
            f"{START}mot-de-passe/", who.password(), step="choose a password", right=_leads_to(IDENTIFIER)
        )
        person.get(IDENTIFIER, step="identifier")
        person.done()
        person.post(IDENTIFIER, {}, step="identifier was read", right=_leads_to("/mon-espace/"))

    def _to_the_child(self, person: Person) -> str:
        while True:
            self._ask_for_a_code(person)
            if self._types_the_code(person):
                child = person.get(f"{START}enfants/", step="children", right=_is_led_on)
                return child.location

    def _ask_for_a_code(self, person: Person) -> None:
        while True:
            person.get(START, step="guardian's form")
            typed = person.as_guardian.name_and_number()
            person.post(START, typed, step="ask for a code", right=_code_is_under_way)
            page = person.get(f"{START}code/", step="code's page")
            if 'name="code"' in page.text:
                person.begun()
                return
            time.sleep(self.COOLDOWN)

    def _types_the_code(self, person: Person) -> bool:
        """Type the codes that come, the newest first, until one is right; False once none is judged."""
        while not person.is_late:
            sms = person.next_sms(seconds=5)
            if sms is None:
                continue
            typed = {"code": sms.code}
            answer = person.post(f"{START}code/", typed, step="code", right=_code_was_judged)
            if answer.status == 302:
                return True
            if answer.status == 410:
                return False
        raise Trouble("no code to the end")

    def kept(self, sql: Query) -> dict[str, Kept]:
        """Guardians by the end of their number; the identifiers of all accounts of their name count.

        An account without the child is not done. What they typed is forgotten once they are done: it was
        begun, or there would be no account.
        """
        accounts = sql(
            "SELECT right(c.mobile, 5), EXISTS (SELECT 1 FROM guardians_guardianship g"
            " JOIN schools_guardiantie t ON t.id = g.tie_id WHERE t.contact_id = c.id)"
            " FROM schools_guardiancontact c JOIN accounts_user u ON u.last_name = c.family_name"
            " LEFT JOIN accounts_signinname n ON n.user_id = u.id"
        )
        done = Counter(number for number, has_child in accounts if has_child)
        begun = {row[0] for row in sql("SELECT right(mobile, 5) FROM guardians_activation")}
        begun |= {number for number, _has_child in accounts}
        return {f"famille.n{each}": Kept(1, done[each]) for each in begun}


def _leads_to(path: str) -> Callable[[Answer], bool]:
    return lambda answer: answer.status == 302 and answer.location == path


def _is_led_on(answer: Answer) -> bool:
    return answer.status == 302 and answer.location.startswith(f"{START}enfants/")


def _code_is_under_way(answer: Answer) -> bool:
    return _leads_to(f"{START}code/")(answer) or "Plusieurs codes ont déjà été demandés" in answer.text


def _code_was_judged(answer: Answer) -> bool:
    return (
        _leads_to(f"{START}enfants/")(answer)
        or answer.status == 410
        or "Ce n’est pas le code du dernier SMS" in answer.text
    )


FLOWS: tuple[Flow, ...] = (SignUp(), FirstSignIn())
