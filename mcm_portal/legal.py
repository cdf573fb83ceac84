"""The plan of the site: every page that has an address of its own, for whoever looks for one (RGAA 12.3).

The other pages that the law asks for (legal notice, accessibility, data protection, cookies) are texts
that the national administration keeps: ``accounts/policies`` and :mod:`accounts.publishing`.
"""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts.models import Level, PolicyDocument

# A page: its words, the name of its address, and the level it belongs to, if any.
Page = tuple[str | Promise, str, str]

SIGN_IN: list[Page] = [
    (_("Accueil"), "home", ""),
    *((level.label, "sign_in", level) for level in Level),
    (_("Entrer dans l’ENT"), "ent", ""),
    (_("L’ENT de ma région"), "ent_regions", ""),
    (_("Représentant légal (parents)"), "guardian_sign_in", ""),
    (_("Connexion des élèves"), "pupil_sign_in", ""),
    (_("Nom d’utilisateur ou mot de passe oublié"), "recover", ""),
]
SIGN_UP: list[Page] = [
    *((level.label, "consent", level) for level in Level),
    (_("Première connexion d’un responsable légal"), "guardian_identity", ""),
    (_("Première connexion avec un code donné par l’établissement"), "guardian_school_code", ""),
    (_("J’ai une lettre"), "type_letter", ""),
    (_("Demander de l’aide à l’établissement"), "guardian_help", ""),
]
ACCOUNT: list[Page] = [
    (_("Mon espace"), "my_space", ""),
    (_("Mes classes virtuelles"), "my_classes", ""),
    (_("Mon compte"), "account", ""),
    (_("Préférences"), "preferences_summary", ""),
    (_("Fusion de comptes"), "preferences_merge", ""),
    (_("Corriger mon prénom ou mon nom"), "change_names", ""),
    (_("Changer mon adresse de courriel"), "change_address", ""),
    (_("Changer mon mot de passe"), "change_password", ""),
    (_("Sécurité"), "security", ""),
    (_("Les appareils connectés"), "account_sessions", ""),
    (_("Ajouter un niveau"), "add_level", ""),
    (_("Les textes que j’ai acceptés"), "accepted_texts", ""),
    (_("Se déconnecter"), "sign_out", ""),
]
HELP: list[Page] = [
    (_("Tenir une classe virtuelle"), "class_help_teacher", ""),
    (_("Classe virtuelle : le guide de l’élève"), "class_help_pupil", ""),
    (_("Classes virtuelles : questions fréquentes"), "class_help_faq", ""),
]
TEXTS: list[Page] = [
    *((kind.label, kind.value, "") for kind in PolicyDocument.Kind),
    (_("Plan du site"), "site_map", ""),
]


@login_not_required
@require_safe
def site_map(request: HttpRequest) -> HttpResponse:
    """« Plan du site »: the pages of everybody; those of an account only for who is signed in."""
    sections = [(_("Entrer"), SIGN_IN), (_("Créer un compte"), SIGN_UP)]
    if request.user.is_authenticated:
        sections.append((_("Mon compte"), ACCOUNT))
    sections.append((_("Aide"), HELP))
    sections.append((_("Les textes"), TEXTS))
    context = {
        "sections": [
            (title, [(words, reverse(name, args=[level] if level else [])) for words, name, level in pages])
            for title, pages in sections
        ]
    }
    return render(request, "mcm_portal/legal/site_map.html", context)
