"""The addresses of virtual classes."""

from __future__ import annotations

from django.urls import path

from .views import classes, demonstration, door, own_school, sessions
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
    path("classes/", classes.my_classes, name="my_classes"),
    path("classes/nouvelle/", classes.new_class, name="new_class"),
    path("classes/<uuid:public_id>/", classes.class_page, name="class_page"),
    path("classes/<uuid:public_id>/reglages/", classes.class_settings, name="class_settings"),
    path("classes/<uuid:public_id>/lien/", classes.renew_link, name="class_renew_link"),
    path("classes/<uuid:public_id>/projeter/", classes.project, name="class_project"),
    path("classes/<uuid:public_id>/inviter/", classes.invite, name="class_invite"),
    path("classes/<uuid:public_id>/fermer/", classes.close_class, name="class_close"),
    path("classes/seances/<uuid:public_id>/", sessions.session, name="class_session"),
    path("classes/seances/<uuid:public_id>/porte/", sessions.door, name="class_session_door"),
    path("classes/seances/<uuid:public_id>/salle/", sessions.go_in, name="class_session_go"),
    path("classes/seances/<uuid:public_id>/appel/", sessions.record, name="class_record"),
    path(
        "classes/seances/<uuid:public_id>/appel/fichier/", sessions.export_record, name="class_record_export"
    ),
    path("classes/salle-terminee/<slug:provider>/", door.room_ended, name="class_room_ended"),
    path("classe/<uuid:public_id>/", door.by_account, name="class_door_of_mine"),
    path("classe/lien/<str:token>/", door.by_link, name="class_door"),
    path("classe/porte/<uuid:public_id>/", door.wait, name="class_wait"),
    path("classe/porte/<uuid:public_id>/etat/<str:word>/", door.watch, name="class_watch"),
    path("classe/porte/<uuid:public_id>/entrer/", door.enter, name="class_enter"),
    path("classe/porte/<uuid:public_id>/ouverture/", door.opening, name="class_opening"),
    path("classe/porte/<uuid:public_id>/salle/", door.go, name="class_go"),
    path("classe/porte/<uuid:public_id>/partir/", door.leave, name="class_leave"),
    path("classe/au-revoir/", door.left, name="class_left"),
    path("mon-etablissement/classes-virtuelles/", own_school.classes, name="own_school_classes"),
    path("demonstration/salle/dedans/<str:written>/", demonstration.inside, name="demonstration_inside"),
    path(
        "demonstration/salle/dedans/<str:written>/nouvelles/", demonstration.news, name="demonstration_news"
    ),
    path("demonstration/salle/<str:token>/", demonstration.arrive, name="demonstration_room"),
]
