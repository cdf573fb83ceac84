"""Pages that use the database in the ways tests need."""

from django.contrib.auth.decorators import login_not_required
from django.db import connection, transaction
from django.http import HttpResponse
from django.urls import path
from django.views.decorators.csrf import csrf_exempt

from mcm_portal import urls as portal

handler400, handler403, handler404 = portal.handler400, portal.handler403, portal.handler404
handler500 = portal.handler500


def _run(statement: str) -> HttpResponse:
    with connection.cursor() as cursor:
        cursor.execute(statement)
    return HttpResponse("answered")


@login_not_required
def ask(request):
    return _run("SELECT 1")


@login_not_required
def sleep(request):
    return _run("SELECT pg_sleep(60)")


@login_not_required
def in_transaction(request):
    with transaction.atomic():
        return _run("SELECT 1")


@login_not_required
def locked(request):
    return _run("SELECT * FROM busy")


@login_not_required
def session(request):
    """Read the session, which a middleware does too."""
    return HttpResponse(str(request.session.get("any")))


@login_not_required
def plain(request):
    return HttpResponse("no database here")


@login_not_required
def broken(request, token=""):
    raise ValueError(f"the password is {token}")


@csrf_exempt
@login_not_required
def posted(request):
    """Fail after reading a form."""
    raise ValueError(str(dict(request.POST)))


@login_not_required
def duplicate(request):
    return _run("INSERT INTO people VALUES ('jeanne.martin@example.org')")


urlpatterns = [
    path("ask", ask, name="ask"),
    path("sleep", sleep, name="sleep"),
    path("in-transaction", in_transaction, name="in_transaction"),
    path("locked", locked, name="locked"),
    path("session", session, name="session"),
    path("plain", plain, name="plain"),
    path("broken/<str:token>", broken, name="broken"),
    path("posted", posted, name="posted"),
    path("duplicate", duplicate, name="duplicate"),
    *portal.urlpatterns,
]
