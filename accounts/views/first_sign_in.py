"""The first sign-in to the ENT: the letter, then the charter and a password (SCREENS C2 to C4)."""

from __future__ import annotations

from typing import Any

from django.contrib.auth import logout
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters

from accounts import account, browsers, contact_preferences, enrolment, first_sign_in, standing, steps
from accounts.ent_forms import FirstPasswordForm, LetterForm
from accounts.middleware import steps_not_required
from accounts.models import PUPILS, texts_now
from accounts.passwords import PasswordContext, of_doors
from accounts.policy_texts import as_articles
from accounts.sessions import PersonRequest
from schools.letters import codes
from schools.school_year import today
from throttling import limits

from .pages import holds_a_secret, next_page, page


@login_not_required
@never_cache
@page
@sensitive_post_parameters("code")
def type_letter(request: HttpRequest) -> HttpResponse:
    """Take the identifier and the code of a letter, where nobody can photograph its square."""
    form = LetterForm(request.POST or None)
    if request.method == "POST" and form.is_valid() and (answer := _spend(request, form)) is not None:
        return answer
    return _recognised(request, render(request, "accounts/ent/type_letter.html", {"form": form}))


def _recognised(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Know the browser from now on: its guesses count together, and a second click is its own (G7, F14)."""
    browsers.recognised(request, response)
    return response


@login_not_required
@holds_a_secret
@page
def letter(request: HttpRequest, identifier: str, code: str) -> HttpResponse:
    """« C’est bien vous ? »: where the square of a letter leads. Opening it spends nothing and tells nothing.

    The same page whoever the letter is of, and whether it still serves (SAFETY G1, T22).
    """
    form = LetterForm({"identifier": identifier, "code": code})
    if not form.is_valid():
        return render(request, "accounts/ent/type_letter.html", {"form": form})
    if request.method == "POST":
        if (answer := _spend(request, form)) is not None:
            return answer
        return render(request, "accounts/ent/type_letter.html", {"form": form})
    shown = {"is_here": request.user.is_authenticated}
    return _recognised(request, render(request, "accounts/ent/letter.html", shown))


def _spend(request: HttpRequest, form: LetterForm) -> HttpResponse | None:
    said = form.cleaned_data
    try:
        return first_sign_in.by_letter(
            request,
            identifier=said["identifier"],
            typed=said["code"],
            browser=browsers.device_hash(request),
        )
    except codes.WrongCode:
        form.add_error(
            None,
            _(
                "Cette lettre n’ouvre pas d’accès. Comparez l’identifiant et le code avec la lettre la plus "
                "récente. Un code sert une seule fois, pendant trois mois ; l’établissement peut donner une "
                "autre lettre."
            ),
        )
    except codes.Mistyped:
        form.add_error(
            "code", _("Il y a une faute dans ce code. Comparez-le signe par signe avec la lettre.")
        )
    except limits.Refused as refusal:
        form.add_error(
            None, _("Plusieurs codes ont déjà été essayés. Réessayez %(wait)s.") % {"wait": refusal.wait}
        )
    return None


def stepper(request: PersonRequest, current: int) -> dict[str, Any]:
    """Return where one stands among the steps: a pupil below 15 has two, everybody else three."""
    user = request.user
    is_pupil = PUPILS in standing.of(user).doors
    titles = [_("Chartes d’utilisation"), _("Changement de mot de passe")]
    if contact_preferences.is_asked(user):
        titles.append(_("Contact et préférences"))
    return {
        "current": current,
        "total": len(titles),
        "title": titles[current - 1],
        "next_title": titles[current] if current < len(titles) else "",
        "is_pupil": is_pupil,
    }


def go_on(request: HttpRequest) -> HttpResponse:
    """Lead to the page that one wanted, or to « Mon espace »: the next step is met on the way."""
    return HttpResponseRedirect(next_page(request) or reverse("my_space"))


@steps_not_required
@never_cache
@page
def charter(request: PersonRequest) -> HttpResponse:
    """« Chartes d’utilisation »: in articles, to read and accept (SCREENS C3)."""
    document = steps.charter_to_accept(request.user)
    if document is None:
        return go_on(request)
    refused = False
    if request.method == "POST":
        # Whichever language was on the screen: it is the one that is kept.
        version = texts_now(document.kind, get_language() or "fr", today())
        accepted = next((text for text in version if str(text.pk) == request.POST.get("document")), None)
        if request.POST.get("accept") and accepted is not None:
            enrolment.accept(request.user, accepted)
            return go_on(request)
        refused = True
    is_first = request.user.owes_password or request.user.owes_contact
    shown = {
        "document": document,
        "articles": as_articles(document.body),
        "refused": refused,
        "is_first": is_first,
        "next": next_page(request),
        **stepper(request, 1),
    }
    return render(request, "accounts/ent/charter.html", shown)


@steps_not_required
@never_cache
@page
@sensitive_post_parameters("password", "confirmation")
def choose_password(request: PersonRequest) -> HttpResponse:
    """« Changement de mot de passe »: one’s own, in the place of the letter’s code (SCREENS C4).

    Not for a code that came before its owner became head, or was let look after a part of the school.
    """
    user = request.user
    if not user.owes_password:
        return go_on(request)
    if first_sign_in.is_outgrown(user):
        logout(request)
        return render(request, "accounts/ent/no_entry.html", {"why": "outgrown"}, status=409)
    names = list(user.sign_in_names.order_by("-pk").values_list("name", flat=True))
    doors = standing.of(user).doors
    policy = of_doors(doors)
    form = FirstPasswordForm(
        request.POST or None,
        policy=policy,
        context=PasswordContext(
            names=(user.first_name, user.last_name), username="".join(names[:1]), address="", school_words=()
        ),
    )
    if request.method == "POST" and form.is_valid():
        try:
            account.change_password(request, user, form.cleaned_data["password"])
        except account.Outdated:
            return redirect("my_space")
        response = go_on(request)
        user.refresh_from_db(fields=["password"])
        browsers.remember_account(request, response, user)
        return response
    shown = {
        "form": form,
        "names": names,
        "policy": policy.as_data(),
        "has_other_doors": len(doors) > 1,
        "next": next_page(request),
        **stepper(request, 2),
    }
    return render(request, "accounts/ent/password.html", shown)
