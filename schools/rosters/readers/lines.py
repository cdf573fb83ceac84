"""What the readers of tables share: a line whose fields are taken one by one, and refused one by one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from hashlib import blake2s

from schools.rosters import people, phones
from schools.rosters.birth_dates import NoBirthDate, birth_date
from schools.rosters.rows import ContactRow, Refusal

from .repeats import same_name


class Line:
    """One line of a table. ``refusals`` are those of what was taken so far."""

    def __init__(
        self, source: str, number: int, fields: Mapping[str, str], headers: Mapping[str, str]
    ) -> None:
        self.source, self.number = source, number
        self._fields, self._headers = fields, headers
        self.refusals: list[Refusal] = []

    def get(self, name: str) -> str:
        return self._fields.get(name, "")

    def refuse(self, code: str, name: str = "", *, whole: bool = False) -> None:
        self.refusals.append(
            Refusal(
                source=self.source,
                line=self.number,
                code=code,
                field=self._headers.get(name, "") or name,
                whole=whole,
            )
        )

    def take(self, name: str, read: Callable[[str], str], *, whole: bool = False) -> str:
        """Return a field in its stored form; ``""`` when it is empty or refused, and the refusal is kept."""
        written = self.get(name)
        if not written:
            return ""
        try:
            return read(written)
        except people.NotTaken as refused:
            self.refuse(refused.code, name, whole=whole)
            return ""

    def names(self, family: str, first: str) -> tuple[str, str] | None:
        """Return family and first name, or ``None`` when one is missing or none: nothing is taken then."""
        found = []
        for name in (family, first):
            try:
                found.append(people.name(self.get(name)))
            except people.NotTaken as refused:
                self.refuse(refused.code, name, whole=True)
                return None
        return found[0], found[1]

    def birth_date(self, name: str, on: date) -> str:
        written = self.get(name)
        if not written:
            return ""
        try:
            return birth_date(written, on)
        except NoBirthDate as refused:
            self.refuse(refused.code, name)
            return ""

    def contact(
        self, prefix: str, region: str, *, names: Mapping[str, str], others: tuple[str, ...] = ()
    ) -> ContactRow | None:
        """Return somebody to call about a child, or ``None`` for nobody.

        ``names`` says under which names the fields of a contact stand here, ``others`` where further
        numbers are. The key is made of the name and the first of mobile, address and phone: on two
        lines these are one person; two of one name without any are two.
        """
        called = self.names(names["family_name"], names["first_name"])
        if called is None:
            return None
        family_name, first_name = called
        usage = self.take(names["usage_name"], people.name)
        reached = phones.Reached(region)
        for name in (names["mobile"], names["phone"], *others):
            if code := reached.take(self.get(name), mobile=name == names["mobile"]):
                self.refuse(code, name)
        email = self.take(names["email"], people.email)
        known_by = reached.mobile or email or reached.phone or f"{self.number}.{prefix}"
        key = f"{same_name(family_name)}|{same_name(first_name)}|{known_by}"
        return ContactRow(
            source=self.source,
            line=self.number,
            key=blake2s(key.encode(), digest_size=12).hexdigest(),
            family_name=family_name,
            first_name=first_name,
            usage_name=usage if usage != family_name else "",
            title=people.title(self.get(names["title"])),
            mobile=reached.mobile,
            phone=reached.phone,
            email=email,
            sms_consent=people.yes(self.get(names.get("sms_consent", ""))),
        )
