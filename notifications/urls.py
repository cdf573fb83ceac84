from __future__ import annotations

from django.urls import path

from . import views

urlpatterns = [
    path("boite-locale/", views.local_mailbox, name="local_mailbox"),
    path("boite-locale/<int:pk>/", views.local_message, name="local_message"),
    path("boite-locale/<int:pk>/html/", views.local_message_html, name="local_message_html"),
]
