"""The texts that people read and accept (SCREENS A3)."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe
from markdown_it import MarkdownIt

from accounts import enrolment, steps
from accounts.middleware import steps_not_required
from accounts.models import PolicyDocument
from accounts.sessions import PersonRequest

from .pages import next_page, page


@login_not_required
@require_safe
def terms(request: HttpRequest) -> HttpResponse:
    """Show the terms of use in force."""
    return _policy(request, PolicyDocument.Kind.TERMS)


@login_not_required
@require_safe
def data_protection(request: HttpRequest) -> HttpResponse:
    """Show what becomes of personal data."""
    return _policy(request, PolicyDocument.Kind.DATA_PROTECTION)


def _policy(request: HttpRequest, kind: PolicyDocument.Kind) -> HttpResponse:
    document = PolicyDocument.objects.in_force(kind).first()
    body = MarkdownIt("commonmark", {"html": False}).enable("table").render(document.body) if document else ""
    return render(request, "accounts/policy.html", {"document": document, "body": body})


@steps_not_required
@never_cache
@page
def accept_terms(request: PersonRequest) -> HttpResponse:
    """Ask for consent to a new version before going on."""
    document = steps.terms_to_accept(request.user)
    if document is None:
        return HttpResponseRedirect(next_page(request) or reverse("my_space"))
    refused = False
    if request.method == "POST":
        if request.POST.get("accept") and request.POST.get("document") == str(document.pk):
            enrolment.accept(request.user, document)
            return HttpResponseRedirect(next_page(request) or reverse("my_space"))
        refused = True
    return render(request, "accounts/accept_terms.html", {"document": document, "refused": refused})
