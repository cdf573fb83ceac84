"""What people do in the drill, one class each. Another flow is another class in ``FLOWS``."""

from __future__ import annotations

import re
import time
import uuid
from collections import Counter
from collections.abc import Callable
from typing import Any, Protocol

from benchmarks.browser import Answer
from benchmarks.guardians import IDENTIFIER, START
from benchmarks.journeys import acceptance, new_account
from benchmarks.letter_holders import Holder

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


SPACE = "/mon-espace/"


class Letter:
    """A teacher or a pupil: letter, charter, password, contact, « Mon espace » (SCREENS C2 to C5).

    Who is led to the door on the way, since the answer got lost that gave their session another key, signs in
    with the password they chose.
    """

    MOST_STEPS = 12

    def walk(self, person: Person) -> None:
        """See :class:`Flow`."""
        who = self._holder(person.number)
        self.open(person, who)
        person.begun(awaits_message=False)
        self.come_in(person, who)
        person.done()

    @staticmethod
    def _holder(number: int) -> Holder:
        return Holder(2 * number + number // len(FLOWS) % 2)

    @staticmethod
    def open(person: Person, who: Holder) -> None:
        """Say that the letter is one's own."""
        person.get(who.letter, step="letter")
        person.post(who.letter, {}, step="letter's code", right=_leads_to(SPACE))

    def come_in(self, person: Person, who: Holder) -> None:
        """Take each step that one is led to, until « Mon espace » comes."""
        for _step in range(self.MOST_STEPS):
            space = person.get(SPACE, step="my space", right=lambda it: it.status in (200, 302))
            if space.status == 200:
                return
            self._take(space.location, person, who)
        raise Trouble(f"led on and on, at last to {space.location}")

    def _take(self, step: str, person: Person, who: Holder) -> None:
        path = step.partition("?")[0]
        if path == "/premiere-connexion/charte/":
            # Two tabs take a step at once: the other may have been taken by then.
            page = person.get(step, step="charter", right=lambda it: it.status in (200, 302))
            if page.status == 200:
                person.post(step, acceptance(page.text), step="accept charter", right=_is_led_anywhere)
        elif path == "/premiere-connexion/mot-de-passe/":
            person.post(step, who.password(), step="own password", right=_is_led_anywhere)
        elif path == "/premiere-connexion/contact/":
            person.post(step, {}, step="contact", right=_is_led_anywhere)
        else:
            person.get(who.door, step="door", right=lambda it: it.status in (200, 302))
            person.post(who.door, who.sign_in(), step="sign in", right=_is_led_anywhere)

    def kept(self, sql: Query) -> dict[str, Kept]:
        """Accounts by the name that nobody else has; done is one with a password, whose letter has served."""
        letters = sql(
            "SELECT coalesce(m.family_name, p.family_name), l.spent_at IS NOT NULL, count(u.id),"
            " count(u.id) FILTER (WHERE NOT u.owes_password"
            " AND EXISTS (SELECT 1 FROM accounts_policyacceptance a WHERE a.user_id = u.id))"
            " FROM schools_letter l LEFT JOIN schools_staffmember m ON m.id = l.staff_member_id"
            " LEFT JOIN schools_student p ON p.id = l.student_id"
            " JOIN accounts_user u ON u.last_name = coalesce(m.family_name, p.family_name)"
            " WHERE u.last_name LIKE 'Ros%%' GROUP BY l.id, 1, 2"
        )
        found: dict[str, Kept] = {}
        for name, is_spent, begun, done in letters:
            number = Holder.number_of(name) // 2
            if self._holder(number).family_name == name:
                wrong = "" if is_spent else "an account whose letter was not used"
                found[f"famille.n{number:05d}"] = Kept(begun, done, wrong)
        return found


class ClassHour:
    """A teacher opens a class by link; the pupil knocks, is let in, enters; there is one seat (B2 to B6).

    A visitor knocks too, whom the teacher would let in, and for whom no seat is left. The teacher reads that
    the class runs: that is begun. The pupil is led into the room: that is done.
    """

    ROOM = "https://salle.exemple.fr/classe"
    LETTER = Letter()

    def walk(self, person: Person) -> None:
        """See :class:`Flow`."""
        teacher, pupil, visitor = person, person.companion(), person.companion()
        for one, who in ((teacher, person.as_teacher), (pupil, person.as_pupil)):
            self.LETTER.open(one, who)
            self.LETTER.come_in(one, who)
        session, link = self._opens(teacher)
        person.begun(awaits_message=False)
        wait = self._knocks(pupil)
        self._lets_in(teacher, session, pupil.as_pupil.family_name)
        _look_until(pupil, wait, "Tu peux entrer", step="wait")
        self._knocks_by_link(visitor, link)
        self._lets_in(teacher, session, "Noé Roche", although_full=True)
        self._enters(pupil, wait)
        person.done()

    def _opens(self, teacher: Person) -> tuple[str, str]:
        """Fill in « Nouvelle classe virtuelle », open it now; return its page and its link."""
        form = teacher.get("/classes/nouvelle/", step="class's form")
        typed = {
            "now": "1",
            "submission": str(uuid.uuid4()),
            "title": teacher.name,
            "division": _found(r'<option value="([0-9a-f-]{36})"', form.text),
            "lasts": "180",
            "mode": "link",
            "has_lobby": "on",
            "parents": "waiting",
            "capacity": "1",
            "opens_before": "10",
            "provider": "link",
            "pasted_link": self.ROOM,
        }
        made = teacher.post(
            "/classes/nouvelle/", typed, step="open class", right=_leads_below("/classes/seances/")
        )
        page = teacher.get(made.location, step="class's page")
        while 'id="entrer"' not in page.text:
            if teacher.is_late:
                raise Trouble("the class was not open to the end")
            teacher.post(made.location, {"act": "open"}, step="open", right=_leads_to(made.location))
            teacher.post(made.location, {"act": "again"}, step="open again", right=_leads_to(made.location))
            page = teacher.get(made.location, step="class's page")
        return made.location, _found(r"https?://[^/\"]+(/classe/lien/[^/\"]+/)", page.text)

    @staticmethod
    def _knocks(pupil: Person) -> str:
        """Find the class in « Mes classes virtuelles » and knock; return the page where one waits."""
        page = pupil.get("/classes/", step="my classes")
        door = _found(r'href="(/classe/[0-9a-f-]{36}/)"', page.text)
        # Who has knocked already, in the other tab or before the answer got lost, is led to their place.
        pupil.get(door, step="class's door", right=lambda it: it.status in (200, 302))
        return pupil.post(door, {}, step="knock", right=_leads_below("/classe/porte/")).location

    @staticmethod
    def _knocks_by_link(visitor: Person, link: str) -> None:
        visitor.get(link, step="class's link")
        typed = {"name": "Noé Roche"}
        visitor.post(link, typed, step="knock by link", right=_leads_below("/classe/porte/"))

    @staticmethod
    def _lets_in(teacher: Person, session: str, name: str, *, although_full: bool = False) -> None:
        """Press « Faire entrer » beside a name; without a seat the name stays at the door."""
        page = teacher.get(session, step="class's page")
        button = rf'value="(admit:[0-9a-f]{{32}})">[^<]*<span class="fr-sr-only">[^<]*{name}'
        typed = {"act": _found(button, page.text)}
        teacher.post(session, typed, step="let in", right=_leads_to(session))
        page = teacher.get(session, step="class's page")
        if (re.search(button, page.text) is not None) != although_full:
            raise Trouble(f"let in: {name} is {'gone from' if although_full else 'still at'} the door")

    def _enters(self, pupil: Person, wait: str) -> None:
        pupil.post(f"{wait}entrer/", {}, step="enter", right=_leads_to(f"{wait}ouverture/"))
        pupil.get(f"{wait}ouverture/", step="class opens")
        pupil.get(f"{wait}salle/", step="room", right=_leads_to(self.ROOM))

    def kept(self, sql: Query) -> dict[str, Kept]:
        """Classes by their title, which is the person's name; what is done is the pupil in the one seat."""
        rows = sql(
            "SELECT c.title, s.state, s.seats_taken, s.capacity,"
            " count(e.id) FILTER (WHERE e.state IN ('admitted', 'entered')),"
            " count(e.id) FILTER (WHERE e.state = 'entered' AND u.student_id IS NOT NULL)"
            " FROM virtual_classes_virtualclass c"
            " LEFT JOIN virtual_classes_classsession s ON s.virtual_class_id = c.id"
            " LEFT JOIN virtual_classes_entry e ON e.session_id = s.id"
            " LEFT JOIN accounts_user u ON u.id = e.user_id"
            " WHERE c.title LIKE 'famille.n%%' GROUP BY c.id, s.id"
        )
        found: dict[str, Kept] = {}
        for title, state, seats_taken, capacity, seated, entered in rows:
            before = found.get(title, Kept(0, 0))
            wrong = before.contradiction
            if state is None:
                wrong = "a class without its session"
            elif not seats_taken == seated <= capacity:
                wrong = f"{seated} seated, {seats_taken} seats taken of {capacity}"
            found[title] = Kept(before.begun + 1, before.done + entered, wrong)
        return found


def _look_until(person: Person, path: str, sentence: str, *, step: str) -> None:
    while sentence not in person.get(path, step=step).text:
        if person.is_late:
            raise Trouble(f"{step}: « {sentence} » did not come to the end")
        time.sleep(1)


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    if found is None:
        raise Trouble(f"no {pattern} in a page")
    return found[1]


def _leads_below(path: str) -> Callable[[Answer], bool]:
    return lambda answer: answer.status == 302 and answer.location.startswith(path)


def _is_led_anywhere(answer: Answer) -> bool:
    return answer.status == 302


# A sign-up and a guardian come for each fault that waits for a mail or an SMS.
_often = (SignUp(), FirstSignIn())
FLOWS: tuple[Flow, ...] = (*_often, Letter(), *_often, ClassHour())


def flow_of(number: int) -> Flow:
    """Return what the person of this number comes for: the flows take turns."""
    return FLOWS[number % len(FLOWS)]


def kept_of_all(sql: Query) -> dict[str, Kept]:
    """Return what the database holds of each person, of what they came for and of nothing else."""
    found: dict[str, Kept] = {}
    for flow in dict.fromkeys(FLOWS):
        rows = flow.kept(sql)
        found |= {name: each for name, each in rows.items() if flow_of(int(name[-5:])) is flow}
    return found
