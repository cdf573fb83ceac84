"""The addresses of guardians' pages."""

from __future__ import annotations

from django.urls import path

from accounts.doors import Door
from accounts.passwords import EDUCONNECT as POLICY
from accounts.views.signing_in import sign_in

from .forms import GuardianSignInForm
from .franceconnect import provider
from .franceconnect import views as franceconnect
from .identifiers import EDUCONNECT
from .views import by_franceconnect, children_accounts, first_sign_in

DOOR = Door(
    EDUCONNECT,
    POLICY,
    "guardians/sign_in.html",
    GuardianSignInForm,
    lambda: {"has_franceconnect": provider.is_there()},
)

urlpatterns = [
    path("responsables/connexion/", sign_in, {"door": DOOR}, name="guardian_sign_in"),
    path("responsables/premiere-connexion/", first_sign_in.identity, name="guardian_identity"),
    path("responsables/premiere-connexion/code/", first_sign_in.code, name="guardian_code"),
    path("responsables/premiere-connexion/enfants/", first_sign_in.children, name="guardian_children"),
    path(
        "responsables/premiere-connexion/enfants/<uuid:public_id>/",
        first_sign_in.child,
        name="guardian_child",
    ),
    path("responsables/premiere-connexion/mot-de-passe/", first_sign_in.password, name="guardian_password"),
    path("responsables/identifiant/", first_sign_in.identifier, name="guardian_identifier"),
    path("mes-enfants/comptes/", children_accounts.accounts, name="children_accounts"),
    path(
        "mes-enfants/comptes/<uuid:public_id>/mot-de-passe/",
        children_accounts.password,
        name="child_account_password",
    ),
    path("mes-enfants/comptes/<uuid:public_id>/fermer/", children_accounts.close, name="child_account_close"),
    path(
        "mes-enfants/comptes/<uuid:public_id>/accord/",
        children_accounts.consent,
        name="child_account_consent",
    ),
    path("responsables/franceconnect/", franceconnect.enter, name="franceconnect"),
    path("responsables/franceconnect/retour/", franceconnect.callback, name="franceconnect_callback"),
    path(
        "responsables/franceconnect/souci/<slug:kind>/", franceconnect.trouble, name="franceconnect_trouble"
    ),
    path("responsables/franceconnect/identite/", by_franceconnect.identity, name="franceconnect_identity"),
    path("responsables/franceconnect/quitter/", franceconnect.leave, name="franceconnect_leave"),
    path("responsables/franceconnect/au-revoir/", franceconnect.left, name="franceconnect_left"),
]
