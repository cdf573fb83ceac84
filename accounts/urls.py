"""The addresses of people's pages."""

from __future__ import annotations

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from .models import Level, PolicyDocument
from .models.policies import VERSION
from .views import (
    account,
    confirming,
    held,
    merging,
    passkeys,
    policies,
    preferences,
    recovering,
    school_year,
    second_factor,
    signing_in,
    signing_up,
    strength,
)


class LevelConverter:
    """One of the three levels, in an address."""

    regex = "|".join(Level.values)

    def to_python(self, value: str) -> Level:
        """Read a level out of an address."""
        return Level(value)

    def to_url(self, value: str) -> str:
        """Write a level into an address."""
        return Level(value).value


class PolicyConverter:
    """Which text, in an address."""

    KINDS = {
        "conditions-utilisation": PolicyDocument.Kind.TERMS,
        "donnees-personnelles": PolicyDocument.Kind.DATA_PROTECTION,
        "charte-eleves": PolicyDocument.Kind.CHARTER_PUPILS,
        "charte-responsables-legaux": PolicyDocument.Kind.CHARTER_GUARDIANS,
        "charte-personnels": PolicyDocument.Kind.CHARTER_STAFF,
        "mentions-legales": PolicyDocument.Kind.LEGAL_NOTICE,
        "accessibilite": PolicyDocument.Kind.ACCESSIBILITY,
        "cookies": PolicyDocument.Kind.COOKIES,
    }
    regex = "|".join(KINDS)

    def to_python(self, value: str) -> PolicyDocument.Kind:
        """Read the kind of a text out of an address."""
        return self.KINDS[value]

    def to_url(self, value: str) -> str:
        """Write the kind of a text into an address."""
        return next(slug for slug, kind in self.KINDS.items() if kind == value)


class VersionConverter(StringConverter):
    """The version of a text, in an address."""

    regex = VERSION.strip("^$")


register_converter(LevelConverter, "level")
register_converter(PolicyConverter, "policy")
register_converter(VersionConverter, "version")

urlpatterns = [
    path("<level:level>/connexion/", signing_in.sign_in, name="sign_in"),
    path("<level:level>/conditions/", signing_up.consent, name="consent"),
    path("<level:level>/inscription/", signing_up.register, name="register"),
    path("inscription/verification/", signing_up.check_mail, name="check_mail"),
    path("inscription/confirmer/<str:token>/", confirming.confirm, name="confirm"),
    path("inscription/mot-de-passe/<str:token>/", confirming.confirm_password, name="confirm_password"),
    path("inscription/merci/", confirming.confirmed, name="confirmed"),
    path("inscription/departements/", signing_up.departments, name="departments"),
    path("connexion/", signing_in.sign_in, name="account_login"),
    path("deconnexion/", signing_in.sign_out, name="sign_out"),
    path("acces-oublie/", recovering.recover, name="recover"),
    path("acces-oublie/envoye/", recovering.recover_sent, name="recover_sent"),
    path("mot-de-passe/<str:token>/", recovering.reset_password, name="reset_password"),
    path("force-du-mot-de-passe/", strength.password_strength, name="password_strength"),
    path("mon-compte/", account.account, name="account"),
    path("mon-compte/identite/", account.reauthenticate, name="reauthenticate"),
    path("mon-compte/nom/", account.change_names, name="change_names"),
    path("mon-compte/mot-de-passe/", account.change_password, name="change_password"),
    path("mon-compte/adresse/", account.change_address, name="change_address"),
    path("mon-compte/adresse/annuler/", account.cancel_address_change, name="cancel_address_change"),
    path("mon-compte/appareils/", account.sessions, name="account_sessions"),
    path("mon-compte/niveau/", account.add_level, name="add_level"),
    path("mon-compte/securite/", second_factor.security, name="security"),
    path("mon-compte/securite/application/", second_factor.set_up, name="security_set_up"),
    path("mon-compte/securite/codes/", second_factor.new_codes, name="new_recovery_codes"),
    path("mon-compte/securite/retirer/", second_factor.remove, name="remove_second_factor"),
    path("mon-compte/securite/application/retirer/", second_factor.remove_app, name="remove_app"),
    path("mon-compte/securite/cles/", passkeys.add, name="add_passkey"),
    path("mon-compte/securite/cles/defi/", passkeys.add_challenge, name="add_passkey_challenge"),
    path("mon-compte/securite/cles/<uuid:public_id>/retirer/", passkeys.remove, name="remove_passkey"),
    path("mon-compte/identite/defi/", passkeys.again_challenge, name="passkey_again_challenge"),
    path("connexion/code/", second_factor.authenticate, name="mfa_authenticate"),
    path("connexion/code/defi/", second_factor.passkey_challenge, name="passkey_challenge"),
    path("preferences/", preferences.summary, name="preferences_summary"),
    path("preferences/fusion/", merging.other_account, name="preferences_merge"),
    path("preferences/fusion/code/", merging.code, name="preferences_merge_code"),
    path("preferences/fusion/confirmer/", merging.confirm, name="preferences_merge_confirm"),
    path("preferences/fusion/<uuid:public_id>/", merging.done, name="preferences_merge_done"),
    path("fusion/<str:token>/", merging.by_link, name="merge_link"),
    path("mon-compte/accords/", account.accepted_texts, name="accepted_texts"),
    path("mon-compte/donnees/", account.own_data, name="own_data"),
    path("adresse/confirmer/<str:token>/", account.confirm_address, name="confirm_address"),
    path("mon-espace/lu/", held.read_notices, name="read_notices"),
    path("mon-adresse/", held.own_address, name="own_address"),
    path("conditions-nouvelles/", policies.accept_terms, name="accept_terms"),
    path("renouveler/", school_year.renew, name="renew"),
    path("textes/<policy:kind>/", policies.policy, name="policy"),
    path("textes/<policy:kind>/versions/<version:version>/", policies.policy, name="policy_version"),
    *(
        path(f"textes/{slug}/", policies.policy, {"kind": kind}, name=kind.value)
        for slug, kind in PolicyConverter.KINDS.items()
    ),
]
