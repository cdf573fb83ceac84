"""The portal's addresses, with that of the living page, which otherwise exists only with DEBUG."""

from __future__ import annotations

from django.urls import path

from mcm_portal import urls, views

urlpatterns = [path("composants/", views.components, name="components"), *urls.urlpatterns]
