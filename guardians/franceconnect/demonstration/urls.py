"""The stand-in's addresses; ``mcm_portal/urls.py`` has them with DEBUG only."""

from __future__ import annotations

from django.urls import path

from . import views

urlpatterns = [
    path(".well-known/openid-configuration", views.configuration, name="franceconnect_demonstration"),
    path("jwks", views.jwks),
    path("authorize", views.authorize, name="franceconnect_demonstration_choose"),
    path("token", views.token),
    path("userinfo", views.userinfo),
    path("session/end", views.end_session),
]
