"""The addresses of people's pages."""

from __future__ import annotations

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from .models import Level, PolicyDocument
from .models.policies import VERSION
from .views import (
    account,
    confirming,
    contact,
    first_sign_in,
    held,
    merging,
    openid,
    otp_key,
    own_pupils,
    own_school,
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
    path("connexion/nouveau-mot-de-passe/", signing_in.new_password_wanted, name="new_password_wanted"),
    path("mon-etablissement/personnel/", own_school.staff, name="own_school_staff"),
    path("mon-etablissement/personnel/<uuid:public_id>/", own_school.member, name="own_school_member"),
    path(
        "mon-etablissement/personnel/<uuid:public_id>/aide/",
        own_school.local_admin,
        name="own_school_local_admin",
    ),
    path("mon-etablissement/securite/", own_school.reset, name="own_school_reset"),
    path(
        "mon-etablissement/securite/<uuid:public_id>/",
        own_school.reset_progress,
        name="own_school_reset_progress",
    ),
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
    path("mon-compte/securite/cle/", otp_key.otp_key, name="otp_key"),
    path("mon-compte/securite/cle/commencer/", otp_key.begin, name="otp_key_begin"),
    path("mon-compte/securite/cle/activer/", otp_key.set_up, name="otp_key_set_up"),
    path("mon-compte/securite/cle/abandonner/", otp_key.abandon, name="otp_key_abandon"),
    path("mon-compte/securite/cle/pin/", otp_key.change_pin, name="otp_key_pin"),
    path("mon-compte/securite/cle/codes/", otp_key.new_codes, name="otp_key_codes"),
    path("mon-compte/securite/cle/retirer/", otp_key.remove, name="otp_key_remove"),
    path("mon-compte/fournisseurs/<uuid:public_id>/retirer/", openid.part, name="provider_part"),
    path("fournisseurs/au-revoir/", openid.left, name="provider_left"),
    path("fournisseurs/<uuid:public_id>/", openid.enter, name="provider_enter"),
    path("fournisseurs/<uuid:public_id>/retour/", openid.callback, name="provider_callback"),
    path("fournisseurs/<uuid:public_id>/souci/<slug:kind>/", openid.trouble, name="provider_trouble"),
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
    path("eleves/connexion/", signing_in.sign_in_pupil, name="pupil_sign_in"),
    path("eleves/acces-oublie/", recovering.recover_pupil, name="pupil_recover"),
    path("eleves/acces-oublie/envoye/", recovering.recover_pupil_sent, name="pupil_recover_sent"),
    path("personnels/<slug:academy>/connexion/", signing_in.sign_in_staff, name="staff_sign_in"),
    path("personnels/<slug:academy>/acces-oublie/", recovering.recover_staff, name="staff_recover"),
    path(
        "personnels/<slug:academy>/acces-oublie/envoye/",
        recovering.recover_staff_sent,
        name="staff_recover_sent",
    ),
    path("lettre/", first_sign_in.type_letter, name="type_letter"),
    path("lettre/<str:identifier>/<str:code>/", first_sign_in.letter, name="letter"),
    path("premiere-connexion/charte/", first_sign_in.charter, name="first_charter"),
    path("premiere-connexion/mot-de-passe/", first_sign_in.choose_password, name="first_password"),
    path("premiere-connexion/contact/", contact.first, name="first_contact"),
    path("preferences/contact/", contact.preferences, name="preferences_contact"),
    path("preferences/contact/numero/", contact.sms_code, name="preferences_sms_code"),
    path("mes-eleves/", own_pupils.divisions, name="own_pupils"),
    path("mes-eleves/<uuid:public_id>/", own_pupils.division, name="own_pupils_division"),
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
