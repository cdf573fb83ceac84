"""The pages of a school's head."""

from __future__ import annotations

from django.urls import path

from . import views

urlpatterns = [
    path("mon-etablissement/", views.home, name="own_school_home"),
    path("mon-etablissement/fichiers/", views.imports, name="own_school"),
    path("mon-etablissement/modele/<str:kind>.<str:form>", views.template, name="own_school_template"),
    path("mon-etablissement/fichiers/<uuid:public_id>/", views.report, name="own_school_import"),
    path("mon-etablissement/fichiers/<uuid:public_id>/colonnes/", views.mapping, name="own_school_mapping"),
]
