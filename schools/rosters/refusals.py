"""Why a line or a file of a roster is not taken: one sentence for each, for a school secretary.

A sentence says what is wrong and what to do; where a line was taken without one field, the report says so
around it (:attr:`schools.rosters.rows.Refusal.whole`).
"""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

REASONS = {
    # The whole file.
    "uai_other": _("Ce fichier vient d’un autre établissement."),
    "files_differ": _(
        "Ces fichiers ne vont pas ensemble : l’établissement ou l’année scolaire n’est pas le même. "
        "Exportez-les à nouveau le même jour."
    ),
    "file_twice": _("Deux fichiers disent la même chose. Envoyez un seul fichier de chaque sorte."),
    "pupils_missing": _("Il manque le fichier des élèves. Envoyez les deux fichiers ensemble."),
    "guardians_missing": _("Il manque le fichier des responsables. Envoyez les deux fichiers ensemble."),
    "heading_missing": _("Ce fichier ne dit pas de quel établissement il vient. Exportez-le à nouveau."),
    "wrong_kind": _("Ce n’est pas le fichier attendu ici. Vérifiez la sorte de fichier choisie."),
    "empty": _("Ce fichier est vide."),
    "too_large": _("Ce fichier est trop gros. Un fichier d’établissement fait quelques mégaoctets."),
    "too_many_rows": _("Ce fichier a trop de lignes pour un établissement."),
    "encoding": _("Les caractères de ce fichier ne peuvent pas être lus. Exportez-le à nouveau."),
    "nul": _("Ce fichier contient des octets nuls : ce n’est pas un tableau. Exportez-le à nouveau."),
    "columns_missing": _(
        "Il manque une colonne nécessaire, ou son titre n’est pas reconnu. Dites à quoi sert chaque colonne, "
        "ou partez de notre modèle."
    ),
    "row_giant": _(
        "Une ligne de ce fichier est bien trop longue. Un guillemet ouvert n’est peut-être pas fermé."
    ),
    "table_truncated": _("Ce fichier s’arrête au milieu d’une ligne. Exportez-le ou envoyez-le à nouveau."),
    "table_damaged": _("Ce classeur est abîmé. Ouvrez-le, enregistrez-le à nouveau et renvoyez-le."),
    "table_giant": _("Ce classeur contient plus qu’un tableau. Copiez le tableau dans un classeur neuf."),
    "xml_truncated": _("Ce fichier s’arrête avant sa fin. Exportez-le ou envoyez-le à nouveau."),
    "xml_damaged": _("Ce fichier XML est abîmé. Exportez-le à nouveau, sans l’ouvrir ni le modifier."),
    "xml_forbidden": _(
        "Ce fichier XML contient ce qu’aucun logiciel d’établissement n’y met. Il n’est pas lu, par prudence."
    ),
    "xml_deep": _("Ce fichier XML n’a pas la forme attendue. Exportez-le à nouveau."),
    "xml_giant": _("Ce fichier XML contient un texte bien trop long. Exportez-le à nouveau."),
    "zip_damaged": _("Cette archive est abîmée. Faites-la à nouveau, ou envoyez les fichiers sans archive."),
    "zip_bomb": _("Cette archive est bien trop grosse une fois ouverte. Elle n’est pas lue, par prudence."),
    "zip_too_many": _("Cette archive contient trop de fichiers. Envoyez seulement ceux de l’établissement."),
    "zip_nested": _("Cette archive en contient une autre. Envoyez les fichiers eux-mêmes."),
    "zip_encrypted": _("Cette archive est protégée par un mot de passe. Envoyez-la sans mot de passe."),
    "zip_path": _("Cette archive contient un chemin ou un lien interdit. Elle n’est pas lue, par prudence."),
    # A line, or one field of it.
    "uai_wrong": _("Le code UAI n’est pas juste : sa lettre de contrôle ne correspond pas."),
    "department_wrong": _("Le département de l’établissement n’est pas connu du portail."),
    "cell_long": _("Une case contient un texte bien trop long."),
    "name_missing": _("Le nom ou le prénom manque."),
    "name_too_long": _("Ce nom est trop long : 100 caractères au plus."),
    "name_invisible": _("Le nom contient un caractère invisible. Effacez-le et tapez-le de nouveau."),
    "name_not_latin": _("Le nom n’est pas en lettres latines."),
    "name_wrong": _(
        "Le nom contient un signe qui n’est pas d’un nom : chiffre, parenthèse, barre… Corrigez-le."
    ),
    "number_missing": _("L’élève n’a pas de numéro dans le logiciel de l’établissement."),
    "pupil_left": _("L’élève a quitté l’établissement : la ligne n’est pas reprise."),
    "pupil_repeated": _("Cet élève est déjà plus haut dans le fichier."),
    "ine_wrong": _("L’INE n’est pas juste : il a onze chiffres et lettres."),
    "ine_shared": _("Plusieurs élèves portent cet INE. Aucun ne le garde tant qu’il n’est pas corrigé."),
    "date_wrong": _("Cette date de naissance n’existe pas. Écrivez jour, mois et année : 09/03/2012."),
    "date_short_year": _("L’année de naissance a deux chiffres. Écrivez-la avec quatre : 09/03/2012."),
    "date_out_of_range": _("Cette date de naissance n’est pas celle d’un élève. Vérifiez l’année."),
    "code_wrong": _("Le nom de la classe ou du groupe est trop long, ou contient un caractère invisible."),
    "phone_wrong": _("Ce numéro de téléphone n’est pas juste, ou n’est pas celui d’une personne."),
    "phone_no_mobile": _("Ce numéro n’est pas celui d’un portable : il est gardé comme téléphone fixe."),
    "email_wrong": _("Cette adresse de courriel n’est pas juste."),
    "level_wrong": _("Le niveau de responsabilité n’est pas connu. Il est « 1 », « 2 » ou « 3 »."),
    "contact_repeated": _("Ce responsable est déjà plus haut dans le fichier."),
    "tie_repeated": _("Ce responsable est déjà lié à cet élève."),
    "tie_without_pupil": _("Un responsable est lié à un élève qui n’est pas dans le fichier des élèves."),
    "tie_without_contact": _("Un élève est lié à un responsable qui n’est pas dans le fichier."),
    "child_unknown": _("Aucun élève de l’école ne porte le nom de cet enfant."),
    "child_ambiguous": _(
        "Plusieurs élèves portent le nom de cet enfant, et la classe ne dit pas lequel. Liez-les à la main."
    ),
    "child_elsewhere": _("L’élève qui porte ce nom est dans une autre classe. Vérifiez de qui il s’agit."),
    "identifier_wrong": _("L’identifiant académique n’est pas juste. Il ressemble à « pmartin2 »."),
    "role_unknown": _("Cette fonction n’est pas connue : la personne est reprise sans droits particuliers."),
    "staff_repeated": _("Cette personne est déjà plus haut dans le fichier."),
}
