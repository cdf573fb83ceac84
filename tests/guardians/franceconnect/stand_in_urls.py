"""The portal's addresses, with those of the stand-in for FranceConnect, which exist with DEBUG only."""

from __future__ import annotations

from django.urls import include, path

from mcm_portal import urls

urlpatterns = [
    path("demonstration/franceconnect/", include("guardians.franceconnect.demonstration.urls")),
    *urls.urlpatterns,
]
