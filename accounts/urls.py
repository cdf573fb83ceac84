"""The addresses of people's pages."""

from __future__ import annotations

from django.urls import path, register_converter

from . import views
from .models import Level


class LevelConverter:
    """One of the three levels, in an address."""

    regex = "|".join(Level.values)

    def to_python(self, value: str) -> Level:
        """Read a level out of an address."""
        return Level(value)

    def to_url(self, value: str) -> str:
        """Write a level into an address."""
        return Level(value).value


register_converter(LevelConverter, "level")

urlpatterns = [
    path("<level:level>/connexion/", views.sign_in, name="sign_in"),
    path("<level:level>/conditions/", views.consent, name="consent"),
    path("<level:level>/inscription/", views.register, name="register"),
    path("inscription/verification/", views.check_mail, name="check_mail"),
    path("inscription/confirmer/<str:token>/", views.confirm, name="confirm"),
    path("inscription/mot-de-passe/<str:token>/", views.confirm_password, name="confirm_password"),
    path("inscription/merci/", views.confirmed, name="confirmed"),
    path("inscription/departements/", views.departments, name="departments"),
    path("connexion/", views.sign_in, name="account_login"),
    path("deconnexion/", views.sign_out, name="sign_out"),
    path("acces-oublie/", views.recover, name="recover"),
    path("acces-oublie/envoye/", views.recover_sent, name="recover_sent"),
    path("mot-de-passe/<str:token>/", views.reset_password, name="reset_password"),
    path("conditions-nouvelles/", views.accept_terms, name="accept_terms"),
    path("renouveler/", views.renew, name="renew"),
    path("textes/conditions-utilisation/", views.terms, name="terms"),
    path("textes/donnees-personnelles/", views.data_protection, name="data_protection"),
]
