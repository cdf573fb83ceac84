"""Made-up names of the shapes that French registers hold: accents, hyphens, apostrophes, particles.

A few are as common as Martin and Marie really are; the others are put together from syllables, so that
there are as many different ones as in a real register. Nobody is meant.
"""

from __future__ import annotations

from random import Random

from schools.person_names import transliterate

# How many in ten thousand bear it. What is left over goes to the rare names.
COMMON_LAST = {
    "Martin": 40, "Bernard": 22, "Thomas": 20, "Petit": 20, "Robert": 18, "Richard": 17, "Durand": 16,
    "Dubois": 16, "Moreau": 15, "Laurent": 15, "Simon": 14, "Michel": 14, "Lefèvre": 13, "Leroy": 13,
    "Roux": 12, "David": 12, "Bertrand": 11, "Morel": 11, "Fournier": 11, "Girard": 10, "Bonnet": 10,
    "François": 9, "Garcia": 9, "Da Silva": 8, "Diallo": 6, "Benali": 5, "Nguyen": 8, "Lê": 3, "Li": 2,
    "Le Goff": 6, "Le Gall": 5, "De La Tour": 2, "D’Almeida": 2, "O’Neill": 1, "N’Diaye": 5, "Müller": 2,
    "Bœuf": 1, "Muñoz": 2, "Yılmaz": 3, "Lefèvre-Martin": 2, "Saint-Léger": 1, "Ðào": 1,
}  # fmt: skip
COMMON_FIRST = {
    "Marie": 330, "Jean": 150, "Léa": 170, "Emma": 160, "Louise": 150, "Jade": 150, "Chloé": 140,
    "Inès": 130, "Manon": 130, "Camille": 130, "Zoé": 90, "Maëlle": 80, "Anaïs": 80, "Noémie": 60,
    "Éléonore": 30, "Aïcha": 60, "Fatoumata": 40, "Gabriel": 190, "Léo": 180, "Raphaël": 170,
    "Louis": 160, "Lucas": 160, "Hugo": 150, "Jules": 150, "Mohamed": 120, "Théo": 120, "Noé": 100,
    "Mathéo": 60, "Loïc": 50, "François": 60, "Gaël": 40, "Jérôme": 40, "Jean-Baptiste": 30,
    "Marie-Ève": 10, "Anne-Sophie": 30, "Jean-Paul": 30, "Marie-Thérèse": 15, "Lou-Anne": 15,
    "Léonie-Rose": 5, "Ma": 3, "Ömer": 8, "Zofia": 8, "Lœtitia": 8, "Mattéo": 30, "Soren": 8,
}  # fmt: skip
_STARTS = "Ba Bé Bou Cha Cor Da Dé Du Fa Fé Gai Gué Hé Jo La Lé Ma Mé Mon Na Pé Qué Ra Rou Sé So Ta Thé Va Vé"
_MIDDLES = "ba ché cou da gui la lé li mé mi na né pi ra ré ri ro sé ta ti to va vi"
_ENDS_LAST = "chard court dier gnac gneau lier llet main mont naud neau nier ron roux son ssier teau tier"
_ENDS_FIRST = "bel da dine el ia iane ina la lia line lo na ne nel nie ra ric rine sse tan"
_PARTICLES = ("Le ", "De ", "L’", "D’", "Du ")
POOL = 1 << 15
_RARE_LAST, _RARE_FIRST = 24_000, 3_000


class Names:
    """Two bags of names to draw from; the same for the same seed."""

    def __init__(self, seed: int) -> None:
        random = Random(seed)
        self.last = _bag(COMMON_LAST, _rare_last(random), random)
        self.first = _bag(COMMON_FIRST, _rare_first(random), random)
        plain = {name: transliterate(name).lower() for name in {*self.last, *self.first}}
        self.plain = {
            name: "".join(sign for sign in text if sign.isalnum() or sign == "-").strip("-")
            for name, text in plain.items()
        }

    def draw(self, random: Random) -> tuple[str, str]:
        """Return a first name and a name."""
        both = random.getrandbits(30)
        return self.first[both & (POOL - 1)], self.last[both >> 15]

    def user_name(self, first: str, last: str, number: int) -> str:
        """Return the user name that somebody so called would take, alone to have it."""
        return f"{self.plain[first]}.{self.plain[last]}"[:22].rstrip("-.") + str(number)


def _bag(common: dict[str, int], rare: list[str], random: Random) -> list[str]:
    bag = [name for name, often in common.items() for _ in range(max(1, often * POOL // 10_000))]
    bag += [rare[each % len(rare)] for each in range(POOL - len(bag))]
    random.shuffle(bag)
    return bag


def _rare_last(random: Random) -> list[str]:
    names: dict[str, None] = {}
    starts, middles, ends = _STARTS.split(), _MIDDLES.split(), _ENDS_LAST.split()
    while len(names) < _RARE_LAST:
        middle = random.choice(middles) if random.random() < 0.7 else ""
        name = random.choice(starts) + middle + random.choice(ends)
        shape = random.random()
        if shape < 0.05:
            name = random.choice(_PARTICLES) + name
        elif shape < 0.11:
            name = f"{name}-{random.choice(starts)}{random.choice(ends)}"
        names[name] = None
    return list(names)


def _rare_first(random: Random) -> list[str]:
    names: dict[str, None] = {}
    starts, middles, ends = _STARTS.split(), _MIDDLES.split(), _ENDS_FIRST.split()
    while len(names) < _RARE_FIRST:
        middle = random.choice(middles) if random.random() < 0.3 else ""
        name = random.choice(starts) + middle + random.choice(ends)
        if random.random() < 0.08:
            name = f"{name}-{random.choice(list(COMMON_FIRST))}"
        names[name] = None
    return list(names)
