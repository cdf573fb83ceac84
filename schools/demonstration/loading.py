"""The demonstration schools, brought in as a school's own files are: handed over, read, applied.

For ``manage.py demo`` alone, which refuses to run without DEBUG: their families are public, and so are the
birth dates of the children.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from schools import annuaire
from schools.models import RosterImport, School
from schools.rosters import importing
from schools.scope import Scope

FOLDER = Path(__file__).parent
COLLEGE, ECOLE = "0149001H", "0149002J"
HEAD = "slambert"  # the academic identifier of the head of the collège
BY = "system"

Kind = RosterImport.Kind
# For each school what it hands over, the pupils before the staff who teach their classes.
FILES: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (COLLEGE, Kind.SIECLE, ("college/ElevesAvecAdresses.xml", "college/ResponsablesAvecAdresses.xml")),
    (COLLEGE, Kind.STAFF, ("college/personnels.xlsx",)),
    (ECOLE, Kind.ONDE, ("ecole/CSVExtraction.csv", "ecole/CSVResponsables.csv")),
)


@dataclass(frozen=True)
class Family:
    """A guardian whose first sign-in can be tried, as the files have them."""

    last_name: str
    first_name: str
    mobile: str
    children: tuple[tuple[str, str], ...]  # first name, birth date with 00 for what is not known
    shows: str


_BENALI = (("Inès", "09/03/2015"), ("Adam", "22/07/2016"))
FAMILIES = (
    Family("Benali", "Leïla", "06 39 98 00 02", _BENALI, "a child at each school"),
    Family("Benali", "Karim", "06 39 98 00 01", _BENALI, "the other guardian of the same"),
    Family(
        "Lefèvre", "Sandrine", "06 39 98 00 15", (("Louis", "19/10/2014"), ("Lucas", "19/10/2014")), "twins"
    ),
    Family(
        "Traoré", "Moussa", "06 39 98 00 17", (("Ibrahim", "00/07/2014"), ("Mariam", "00/00/2017")),
        "dates known in part",
    ),
    Family("Le Gall", "Yvonne", "06 39 98 00 12", (("Malo", "12/12/2015"),), "in charge, and not legal"),
    Family("Roussel", "David", "06 39 98 00 16", (("Jade", "08/09/2016"),), "step-father of the twins"),
)  # fmt: skip


class NotApplied(Exception):
    """A file of the demonstration did not come in: the importers or the file changed."""


def bring_in() -> bool:
    """Bring the schools in, all of them or none; say whether it was done now.

    Where one of them is, nothing changes: whoever tries the portal may have gone on from there. Raises
    :class:`NotApplied`.
    """
    with transaction.atomic():
        if School.objects.filter(uai__in=(COLLEGE, ECOLE)).exists():
            return False
        with (FOLDER / "annuaire.csv").open("rb") as listed:
            annuaire.load(listed, actor=BY)
        for uai, kind, names in FILES:
            _import(School.objects.select_related("academy").get(uai=uai), kind, names)
    return True


def _import(school: School, kind: str, names: tuple[str, ...]) -> None:
    files = [SimpleUploadedFile(name, (FOLDER / name).read_bytes()) for name in names]
    own = Scope(schools=frozenset({school.uai}))
    made = importing.hand_over(school, kind, files, scope=own, by=BY)
    # Done here and now, and not by the worker, which is not there yet.
    importing.read(str(made.public_id))
    made.refresh_from_db()
    if made.state == RosterImport.State.READY:
        importing.decide(made, by=BY)
        importing.apply(str(made.public_id))
        made.refresh_from_db()
    if made.state != RosterImport.State.APPLIED:
        raise NotApplied(f"{names[0]}: {made.state} {made.reason}".strip())
