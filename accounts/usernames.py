"""User names: their one form, those nobody may take, and those we suggest (SCREENS A4, SAFETY T30)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from random import Random

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from schools.person_names import transliterate

MINIMUM_LENGTH, MAXIMUM_LENGTH = 3, 30
PATTERN = r"^[a-z][a-z0-9._-]{2,29}$"
_FORM = re.compile(PATTERN.removeprefix("^").removesuffix("$"))

# Names that would pass for the service, its staff or a machine.
RESERVED = frozenset(
    """
    abuse academie academies account accueil acces admin administrateur administration administrator
    adminsys aide anonyme anonymous api assistance bot cned college compte confirm confirmation
    connexion contact cpe dane daemon dasen demo dev direction dpo drane dsden dsi dsin education
    educonnect eduscol eleve eleves ent enseignant enseignants example ftp gestion gestionnaire ghost
    guest help helpdesk hostmaster ien info inscription inspecteur inspection invite localhost login
    logout lycee mail mailer-daemon maintenance ma-classe maclasse ma-classe-a-la-maison mcm media
    messagerie ministere ministre moderateur moderator nobody none noreply no-reply ne-pas-repondre null
    official officiel operator operateur owner parent parents password portail postmaster principal
    professeur proviseur recteur rectorat register registration responsable root rssi secretariat secure
    security securite service signup sms staff static status superadmin superuser superviseur support
    sysadmin system systeme technique test undefined unknown user username utilisateur vice-recteur
    virtual-class visio webmaster www
    """.split()  # noqa: SIM905
)


def clean(raw: str) -> str:
    """The user name in its stored form: spaces around removed, ASCII capitals lower-cased.

    Letters of other alphabets and full-width letters are refused, never folded: two people could
    otherwise be taken for one another. Raises ValidationError with one French sentence; its code is
    ``required``, ``address``, ``not_ascii``, ``length``, ``first``, ``characters`` or ``reserved``.
    """
    name = raw.strip()
    if not name:
        raise ValidationError(_("Choisissez un nom d’utilisateur."), code="required")
    if "@" in name:
        raise ValidationError(
            _("Le nom d’utilisateur n’est pas votre adresse de courriel. Choisissez-le comme prenom.nom."),
            code="address",
        )
    if not name.isascii():
        raise ValidationError(
            _("Écrivez le nom d’utilisateur sans accent, avec les lettres de a à z."), code="not_ascii"
        )
    name = name.lower()
    if not MINIMUM_LENGTH <= len(name) <= MAXIMUM_LENGTH:
        raise ValidationError(_("Le nom d’utilisateur doit comporter de 3 à 30 caractères."), code="length")
    if not "a" <= name[0] <= "z":
        raise ValidationError(_("Le nom d’utilisateur doit commencer par une lettre."), code="first")
    if not _FORM.fullmatch(name):
        raise ValidationError(
            _("Dans le nom d’utilisateur, mettez seulement des lettres, des chiffres, ou l’un de . - _"),
            code="characters",
        )
    if name in RESERVED:
        raise ValidationError(_("Ce nom d’utilisateur est réservé. Choisissez-en un autre."), code="reserved")
    return name


def suggestions(first_name: str, last_name: str, *, random: Random) -> Iterator[str]:
    """User names to offer, the nicest first: prenom.nom, p.nom, prenom.nom2, then with more and more
    digits drawn from ``random``. Each is valid and comes once; the caller keeps those still free.

    Any text will do for the names: what has no ASCII letter is left out.
    """
    first, last = _letters(first_name), _letters(last_name)
    both = first and last
    stems = [f"{first}.{last}", f"{first[0]}.{last}"] if both else [first or last or "compte"]
    endings = ["", "2", "3", *(str(random.randrange(10**n, 10 ** (n + 1))) for n in (1, 1, 2, 2, 3, 3, 4, 4))]
    offered: set[str] = set()
    for ending in endings:
        for stem in stems if ending == "" else stems[:1]:
            name = stem[: MAXIMUM_LENGTH - len(ending)].rstrip(".-") + ending
            if _FORM.fullmatch(name) and name not in RESERVED and name not in offered:
                offered.add(name)
                yield name


def _letters(name: str) -> str:
    """« Anne-Marie » → anne-marie, « de La Tour du Pin » → delatourdupin, « O’Neil » → oneil."""
    return re.sub(r"[^a-z-]", "", transliterate(name).lower()).strip("-")
