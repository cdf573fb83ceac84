"""The addresses of requests."""

from __future__ import annotations

from django.urls import path

from . import views

urlpatterns = [
    path("aide/envoyee/", views.sent, name="support_sent"),
    path("aide/reponse/<str:token>/", views.answer, name="support_answer"),
    path("preferences/contact/annuaire/", views.directory_phone, name="directory_phone"),
    path("mon-etablissement/demandes/", views.own_requests, name="own_school_requests"),
    path("mon-etablissement/demandes/<uuid:public_id>/", views.own_request, name="own_school_request"),
]
