"""The texts that people read and accept, and those that the law asks for (SCREENS A3)."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import get_language
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import custody, enrolment, policy_texts, steps
from accounts.middleware import steps_not_required
from accounts.models import PolicyDocument
from accounts.sessions import PersonRequest

from .pages import next_page, page


@login_not_required
@require_safe
def policy(request: HttpRequest, kind: PolicyDocument.Kind, version: str = "") -> HttpResponse:
    """Show a text: the version in force, or one that was or will be; a draft is nobody's to read.

    In the language of the page where there is a translation, in French otherwise; ``?langue=`` asks
    for one of them.
    """
    language = request.GET.get("langue") or get_language() or "fr"
    texts = PolicyDocument.objects.texts_in_force(kind)
    if version:
        texts = PolicyDocument.objects.published().filter(kind=kind, version=version).order_by("-language")
    found = list(texts.with_state())
    if not found and version:
        raise Http404
    document = next((text for text in found if text.language == language), found[0] if found else None)
    versions = (
        PolicyDocument.objects.published()
        .with_state()
        .filter(kind=kind, language="fr")
        .order_by("-in_force_from")
    )
    context = {
        "kind": kind,
        "document": document,
        "body": policy_texts.as_html(document.body) if document else "",
        "translations": [text for text in found if text is not document],
        "versions": list(versions),
    }
    return render(request, "accounts/policy.html", context)


@steps_not_required
@never_cache
@page
def accept_terms(request: PersonRequest) -> HttpResponse:
    """Ask for consent to a new version before going on."""
    document = steps.terms_to_accept(request.user)
    if document is None:
        return HttpResponseRedirect(next_page(request) or reverse("my_space"))
    if custody.needs_a_holders_consent(request.user):
        return render(request, "accounts/held/ask_guardian.html")
    refused = False
    if request.method == "POST":
        # Whichever language was on the screen: it is the one that is kept.
        version = PolicyDocument.objects.texts_in_force(document.kind)
        accepted = next((text for text in version if str(text.pk) == request.POST.get("document")), None)
        if request.POST.get("accept") and accepted is not None:
            enrolment.accept(request.user, accepted)
            return HttpResponseRedirect(next_page(request) or reverse("my_space"))
        refused = True
    is_first = not request.user.acceptances.filter(document__kind=document.kind).exists()
    context = {"document": document, "refused": refused, "is_first": is_first}
    return render(request, "accounts/accept_terms.html", context)
