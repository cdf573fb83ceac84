"""The pages of requests: asking, reading the answer; and for the head of a school, answering."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_not_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from accounts import browsers, links
from accounts.models import Power, User
from accounts.sessions import PersonRequest
from accounts.views.pages import holds_a_secret, page
from schools.models import School
from schools.scope import Scope
from schools.views import at_own_school
from throttling import limits
from throttling.clients import client_address

from . import remedies, requests
from .forms import AnswerForm, DirectoryPhoneForm, RequestForm
from .models import SupportRequest

MOST_SHOWN = 50


def ask(request: HttpRequest, *, typed: dict[str, str], way_on: str, back: str) -> HttpResponse:
    """« Demander de l’aide à l’établissement », for the pages of the apps above that refuse somebody.

    ``typed`` is what this browser typed already, ``way_on`` the name of the page that the answer leads
    to, ``back`` that of the page beside the button. The same page follows whoever asks (SAFETY G1).
    """
    form = RequestForm(request.POST or None, initial=typed)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        response = redirect("support_sent")
        try:
            requests.open(
                kind=SupportRequest.Kind.RECORD,
                reason=said["reason"],
                asker=requests.Asker(
                    first_name=said["first_name"],
                    last_name=said["last_name"],
                    mail=said["mail"],
                    mobile=said["mobile"],
                    language=get_language() or "fr",
                    user=request.user if isinstance(request.user, User) else None,
                ),
                place=said["place"],
                submission=said["submission"],
                browser=browsers.recognised(request, response),
                client=client_address(request),
                child=said["child"],
                text=said["text"],
                way_on=way_on,
            )
            return response
        except limits.Refused as refusal:
            form.add_error(
                None,
                _("Plusieurs demandes sont déjà parties d’ici. Réessayez %(wait)s.") % {"wait": refusal.wait},
            )
    answer = render(request, "support/ask.html", {"form": form, "back": reverse(back)})
    if request.method == "POST":
        browsers.recognised(request, answer)  # the number under which its requests were counted
    return answer


@never_cache
@page
def directory_phone(request: PersonRequest) -> HttpResponse:
    """« Signaler un téléphone faux »: the school alone writes in its directory (SCREENS C5)."""
    posts = list(request.user.posts().select_related("school__academy"))
    if not posts:
        raise Http404
    form = DirectoryPhoneForm(request.POST or None, schools=[post.school for post in posts])
    if request.method == "POST" and form.is_valid():
        user, school = request.user, form.cleaned_data["school"]
        response = redirect("support_sent")
        try:
            requests.open(
                kind=SupportRequest.Kind.RECORD,
                reason=SupportRequest.Reason.MOBILE,
                asker=requests.Asker(
                    first_name=user.first_name,
                    last_name=user.last_name,
                    mail=user.address(),
                    language=user.language,
                    user=user,
                ),
                place=requests.Place(school.academy, school),
                submission=form.cleaned_data["submission"],
                browser=browsers.recognised(request, response),
                client=client_address(request),
                text=form.cleaned_data["text"],
                way_on="preferences_contact",
            )
            return response
        except limits.Refused as refusal:
            form.add_error(
                None,
                _("Plusieurs demandes sont déjà parties d’ici. Réessayez %(wait)s.") % {"wait": refusal.wait},
            )
    phones = [phone for post in posts for phone in post.directory_phones]
    return render(request, "support/directory_phone.html", {"form": form, "phones": phones})


@login_not_required
@never_cache
@require_safe
def sent(request: HttpRequest) -> HttpResponse:
    """« Votre demande est partie »: the same for everybody."""
    return render(request, "support/sent.html")


@login_not_required
@holds_a_secret
@require_safe
def answer(request: HttpRequest, token: str) -> HttpResponse:
    """Show an answer to who has the link of their mail or SMS, and lead on from where they were."""
    answered = SupportRequest.objects.filter(state=SupportRequest.State.ANSWERED)
    public_id = links.public_id(token)
    asked = (
        answered.select_related("school", "academy").filter(public_id=public_id).first()
        if public_id
        else None
    )
    if asked is None or not links.opens(token, requests.KIND_ANSWER, asked):
        raise Http404
    return render(request, "support/answer.html", {"asked": asked, "way_on": reverse(asked.way_on)})


# --- the head of a school -------------------------------------------------------------------------


@never_cache
@require_safe
@at_own_school(Power.ANSWER_FAMILIES)
def own_requests(request: PersonRequest, school: School, scope: Scope) -> HttpResponse:
    """« Les demandes des familles »: those that wait, then the last ones that were answered."""
    mine = SupportRequest.objects.open_to(scope)
    shown = {
        "school": school,
        "waiting": mine.waiting().order_by("pk")[:MOST_SHOWN],
        "done": mine.exclude(state=SupportRequest.State.OPEN).order_by("-pk")[:MOST_SHOWN],
    }
    return render(request, "support/own_requests.html", shown)


@never_cache
@page
@at_own_school(Power.ANSWER_FAMILIES)
def own_request(request: PersonRequest, school: School, scope: Scope, public_id: UUID) -> HttpResponse:
    """Show a request to the head of the school; take the answer."""
    asked = get_object_or_404(
        SupportRequest.objects.open_to(scope).select_related("academy", "school"), public_id=public_id
    )
    if request.method == "POST":
        return _decide(request, school, asked)
    return _request_page(request, school, asked, AnswerForm())


def _decide(request: PersonRequest, school: School, asked: SupportRequest) -> HttpResponse:
    form = AnswerForm(request.POST)
    try:
        if "close" in request.POST:
            requests.close(asked, by=request.user)
        elif form.is_valid():
            requests.answer(asked, form.cleaned_data["answer"], by=request.user)
        else:
            return _request_page(request, school, asked, form)
    except requests.NotOpen:
        pass  # the page says what became of it
    return redirect("own_school_request", public_id=asked.public_id)


def _request_page(
    request: PersonRequest, school: School, asked: SupportRequest, form: AnswerForm
) -> HttpResponse:
    context: dict[str, Any] = {
        "school": school,
        "asked": asked,
        "form": form,
        "remedies": remedies.for_request(asked),
        "may_import": bool(request.user.scope(Power.IMPORT_ROSTERS).schools),
    }
    return render(request, "support/own_request.html", context)
