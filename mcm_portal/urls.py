"""Every address of the portal."""

from __future__ import annotations

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path

from . import entrance, languages, legal, views

handler400 = views.bad_request
handler403 = views.forbidden
handler404 = views.not_found
handler500 = views.server_error

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.home, name="home"),
    path("mon-espace/", views.my_space, name="my_space"),
    path("etablissements/<uuid:public_id>/", views.school, name="school"),
    path("ent/", entrance.choose, name="ent"),
    path("ent/oublier/", entrance.forget, name="ent_forget"),
    path("ent/profil/<slug:level>/", entrance.choose_again, name="ent_profile"),
    path("ent/pas-encore/<slug:who>/", entrance.later, name="ent_later"),
    path("ent/regions/", entrance.regions, name="ent_regions"),
    path("ent/personnels/", entrance.staff, name="ent_staff"),
    path("ent/<slug:region>/", entrance.region, name="ent_region"),
    path("ent/<slug:region>/<slug:code>/", entrance.region_page, name="ent_region_page"),
    path("personnels/cle/", entrance.staff_key, name="staff_key"),
    path("langue/", languages.choose_language, name="choose_language"),
    path("plan-du-site/", legal.site_map, name="site_map"),
    path("", include("accounts.urls")),
    path("", include("support.urls")),
    path("", include("guardians.urls")),
    path("", include("virtual_classes.urls")),
    path("", include("schools.urls")),
    path("", include("back_office.urls")),
    path("", include("notifications.urls")),  # the local mailbox, which answers with DEBUG only
]
if settings.DEBUG:
    urlpatterns += [
        path("composants/", views.components, name="components"),
        path("demonstration/franceconnect/", include("guardians.franceconnect.demonstration.urls")),
    ]
