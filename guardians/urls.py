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
from .views import (
    asking_help,
    at_school,
    by_franceconnect,
    by_school_code,
    children_accounts,
    first_sign_in,
    own_account,
)

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
    path("responsables/premiere-connexion/code-ecole/", by_school_code.identity, name="guardian_school_code"),
    path("responsables/ajouter-un-enfant/", by_school_code.add_child, name="guardian_add_child"),
    path("mon-etablissement/eleves/", at_school.pupils, name="own_school_pupils"),
    path("mon-etablissement/eleves/<uuid:public_id>/", at_school.pupil, name="own_school_pupil"),
    path("responsables/aide/", asking_help.ask, name="guardian_help"),
    path("responsables/identifiant/", first_sign_in.identifier, name="guardian_identifier"),
    path("mon-compte/portable/", own_account.change_mobile, name="guardian_mobile"),
    path("mon-compte/portable/code/", own_account.mobile_code, name="guardian_mobile_code"),
    path("mon-compte/alertes/", own_account.show_alerts, name="guardian_alerts"),
    path("mon-compte/alertes/choix/", own_account.switch_alerts, name="guardian_switch_alerts"),
    path("mon-compte/eleves/", own_account.bring_children, name="guardian_bring"),
    path("mon-compte/eleves/confirmer/", own_account.confirm_bringing, name="guardian_bring_confirm"),
    path("mon-compte/eleves/<uuid:public_id>/", own_account.bringing_done, name="guardian_bring_done"),
    path("mes-enfants/comptes/", children_accounts.accounts, name="children_accounts"),
    path(
        "mes-enfants/comptes/<uuid:public_id>/mot-de-passe/",
        children_accounts.password,
        name="child_account_password",
    ),
    path("mes-enfants/comptes/<uuid:public_id>/fermer/", children_accounts.close, name="child_account_close"),
    path(
        "mes-enfants/comptes/<uuid:public_id>/m-en-occuper/",
        children_accounts.take,
        name="child_account_take",
    ),
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
    path("responsables/franceconnect/relier/", by_franceconnect.join, name="franceconnect_join"),
    path("mon-compte/franceconnect/", by_franceconnect.part, name="franceconnect_part"),
    path("responsables/franceconnect/quitter/", franceconnect.leave, name="franceconnect_leave"),
    path("responsables/franceconnect/au-revoir/", franceconnect.left, name="franceconnect_left"),
]
