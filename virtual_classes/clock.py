"""The hours of a class are those of the clock on its wall: eight in Saint-Denis is not eight in Paris.

What schools, académies and the portal date is in the time of Paris; the hour of a class is not.
"""

from __future__ import annotations

from zoneinfo import ZoneInfo

PARIS = ZoneInfo("Europe/Paris")
# By the code of the académie, or of the service that stands for one (schools/reference).
OVERSEAS = {
    "28": ZoneInfo("Indian/Reunion"),
    "31": ZoneInfo("America/Martinique"),
    "32": ZoneInfo("America/Guadeloupe"),
    "33": ZoneInfo("America/Cayenne"),
    "40": ZoneInfo("Pacific/Noumea"),
    "41": ZoneInfo("Pacific/Tahiti"),
    "42": ZoneInfo("Pacific/Wallis"),
    "43": ZoneInfo("Indian/Mayotte"),
    "44": ZoneInfo("America/Miquelon"),
}


def zone_of(academy_code: str) -> ZoneInfo:
    """Return the time of the schools of an académie."""
    return OVERSEAS.get(academy_code, PARIS)
