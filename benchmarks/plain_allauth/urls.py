"""allauth's addresses, and one page behind the sign-in."""

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.urls import include, path


@login_required
def first_page(request: HttpRequest) -> HttpResponse:
    """Greet whoever is signed in."""
    return HttpResponse(f"<!doctype html><title>Hello</title><p>Hello {request.user.get_username()}</p>")


urlpatterns = [path("accounts/", include("allauth.urls")), path("", first_page)]
