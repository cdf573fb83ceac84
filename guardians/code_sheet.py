"""The sheet with a school's code: shown once, to print and hand over."""

from __future__ import annotations

import base64
from typing import Any

from allauth.mfa.adapter import DefaultMFAAdapter
from django.conf import settings
from django.urls import reverse

from schools.models import GuardianTie


def sheet(code: str, tie: GuardianTie) -> dict[str, Any]:
    """Return what a page with a code shows.

    The square leads to the page that asks for it; the code stands behind « # », which no server is told.
    """
    address = settings.SITE_URL + reverse("guardian_school_code")
    drawing = DefaultMFAAdapter().build_totp_svg(f"{address}#{code}")  # draws any text
    picture = base64.b64encode(drawing.encode()).decode()
    return {
        "code": f"{code[:3]} {code[3:]}",
        "address": address,
        "picture": f"data:image/svg+xml;base64,{picture}",
        "contact": tie.contact,
        "pupil": tie.student,
    }
