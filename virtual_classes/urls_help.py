"""The addresses of the help pages of virtual classes."""

from __future__ import annotations

from django.urls import path

from .views import help as help_views

urlpatterns = [
    path(
        "aide/classes-virtuelles/animer/",
        help_views.help_page,
        {"name": "teacher"},
        name="class_help_teacher",
    ),
    path("aide/classes-virtuelles/questions/", help_views.help_page, {"name": "faq"}, name="class_help_faq"),
    path("aide/classes-virtuelles/eleve/", help_views.help_page, {"name": "pupil"}, name="class_help_pupil"),
]
