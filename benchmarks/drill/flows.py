"""What people do in the drill, one class each. Another flow is another class in ``FLOWS``."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol

from benchmarks.browser import Answer
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


FLOWS: tuple[Flow, ...] = (SignUp(),)
