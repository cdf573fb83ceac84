"""The pages of a school's head."""

from __future__ import annotations

from django.urls import path

from . import letter_views, views

urlpatterns = [
    path("mon-etablissement/", views.home, name="own_school_home"),
    path("mon-etablissement/fichiers/", views.imports, name="own_school"),
    path("mon-etablissement/modele/<str:kind>.<str:form>", views.template, name="own_school_template"),
    path("mon-etablissement/fichiers/<uuid:public_id>/", views.report, name="own_school_import"),
    path("mon-etablissement/fichiers/<uuid:public_id>/colonnes/", views.mapping, name="own_school_mapping"),
    path("mon-etablissement/lettres/", letter_views.batches, name="own_school_letters"),
    path("mon-etablissement/lettres/preparer/", letter_views.prepare, name="own_school_prepare_letters"),
    path("mon-etablissement/lettres/personnes/", letter_views.persons, name="own_school_letter_persons"),
    path("mon-etablissement/lettres/<uuid:public_id>/", letter_views.batch, name="own_school_letter_batch"),
    path(
        "mon-etablissement/lettres/<uuid:public_id>/avancement/",
        letter_views.progress,
        name="own_school_letter_progress",
    ),
]
