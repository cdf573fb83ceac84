"""Consent, the form « Nouveau compte », and « Vérifiez vos messages » (SCREENS A3 to A5)."""

from __future__ import annotations

import math
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_safe

from accounts import addresses, browsers, registration
from accounts.forms import AddressCorrectionForm, RegistrationForm
from accounts.models import Level, terms_in_force
from accounts.passwords import MCM as POLICY
from economy import clock, pages
from notifications.models import Message
from schools import reference
from schools.school_year import today
from throttling import limits
from throttling.clients import client_address

from .pages import page


@login_not_required
@never_cache
@page
def consent(request: HttpRequest, level: Level) -> HttpResponse:
    """Show the terms in force; the form comes after « J’accepte »."""
    texts = terms_in_force(get_language() or "fr", today())
    document = texts[0] if texts else None
    refused = False
    if request.method == "POST" and document is not None:
        # Whichever language was on the screen: it is the one that is kept.
        accepted = next((text for text in texts if str(text.pk) == request.POST.get("document")), None)
        if request.POST.get("accept") and accepted is not None:
            response = redirect("register", level=level)
            browsers.remember_consent(request, response, document=accepted.pk, at=timezone.now())
            return response
        refused = True
    return pages.draw(
        request,
        "accounts/consent.html",
        lambda: {"level": level, "document": document},
        own={"refused": refused},
    )


@login_not_required
@never_cache
@page
@sensitive_post_parameters("password")
def register(request: HttpRequest, level: Level) -> HttpResponse:
    """« Nouveau compte »: no form before consent to the terms in force."""
    terms = {text.pk for text in terms_in_force(get_language() or "fr", today())}
    consent = browsers.consent(request)
    if consent is None or consent.document not in terms:
        return redirect("consent", level=level)
    if consent.used and request.method != "POST":
        return redirect("consent", level=level)  # another person, perhaps: they give their own
    suggestions: list[str] = []
    form = None
    if request.method != "POST":
        pass  # the page is the same for all
    elif "show_departments" in request.POST:
        form = RegistrationForm(initial={**request.POST.dict(), "password": ""})
    else:
        form = RegistrationForm(_with_suggestion(request.POST))
        if form.is_valid():
            try:
                sign_up = registration.register(
                    _sign_up(form.cleaned_data, level=level, consent=consent),
                    device=browsers.device(request),
                    client=client_address(request),
                    browser=browsers.device_hash(request),
                )
            except limits.Refused as refusal:
                form.add_error(*_too_often(refusal))
            except registration.NameTaken:
                suggestions = registration.suggest_names(
                    form.cleaned_data["first_name"], form.cleaned_data["last_name"]
                )
                form.add_error(
                    "username",
                    _("Ce nom d’utilisateur est déjà pris. Choisissez-en un autre."),
                )
            else:
                response = redirect("check_mail")
                browsers.remember_registration(response, sign_up.public_id)
                browsers.remember_consent(
                    request, response, document=consent.document, at=consent.at, used=True
                )
                return response
    return pages.draw(
        request,
        "accounts/register.html",
        lambda: {"form": form or RegistrationForm(), "level": level, "policy": POLICY.as_data()},
        own={"form": form, "suggestions": suggestions},
    )


def _with_suggestion(data: Any) -> Any:
    if not data.get("suggestion"):
        return data
    data = data.copy()
    data["username"] = data["suggestion"]
    return data


def _sign_up(cleaned: dict[str, Any], *, level: Level, consent: browsers.Consent) -> registration.SignUp:
    kept = (
        "submission username password first_name last_name academy_id department_id country profile "
        "age_group address"
    )
    return registration.SignUp(
        level=level,
        terms_id=consent.document,
        terms_accepted_at=consent.at,
        language=get_language() or "fr",
        **{name: cleaned[name] for name in kept.split()},
    )


def _too_often(refusal: limits.Refused) -> tuple[str | None, str]:
    if refusal.limit.scope.startswith("letters."):
        return "address", _(
            "Plusieurs messages sont déjà partis vers cette adresse. Regardez aussi dans les "
            "courriers indésirables, ou réessayez %(wait)s."
        ) % {"wait": refusal.wait}
    return None, _("Trop d’essais d’inscription depuis cet appareil ou ce réseau. Réessayez %(wait)s.") % {
        "wait": refusal.wait
    }


@login_not_required
@require_safe
def departments(request: HttpRequest) -> JsonResponse:
    """Give the departments of an académie to the form, so that it need not be loaded again."""
    chosen = next(
        (row for row in reference.academies_with_departments() if row.code == request.GET.get("academy")),
        None,
    )
    found = chosen.departments if chosen else ()
    return JsonResponse(
        {
            "is_open": chosen.is_open if chosen else True,
            "departments": [{"code": row.code, "name": f"{row.name} ({row.code})"} for row in found],
        }
    )


@login_not_required
@never_cache
@page
def check_mail(request: HttpRequest) -> HttpResponse:
    """Say where the mail went and what became of it; send it again, or to another address."""
    public_id = browsers.registration(request)
    sign_up = registration.with_letter(public_id) if public_id else None
    if sign_up is None:
        return render(request, "accounts/check_mail_elsewhere.html")
    if sign_up.confirmed_at is not None:
        return redirect("confirmed")
    form = AddressCorrectionForm()
    problem = ""
    if request.method == "POST":
        if request.POST.get("sign_up") != str(sign_up.public_id):
            return redirect("check_mail")  # a page of another sign-up, open in another tab
        try:
            if request.POST.get("action") == "again":
                registration.write_again(sign_up)
                return redirect("check_mail")
            form = AddressCorrectionForm(request.POST)
            if form.is_valid():
                registration.correct_address(
                    sign_up,
                    form.cleaned_data["address"],
                    device=browsers.device(request) or client_address(request),
                )
                return redirect("check_mail")
        except registration.TooSoon:
            problem = _("Un message vient d’être demandé. Vous pourrez le redemander dans une minute.")
        except limits.Refused as refusal:
            problem = _too_many_letters(refusal)
        except (registration.AlreadyConfirmed, registration.Gone):
            return redirect("check_mail")
    message = sign_up.letter
    return render(
        request,
        "accounts/check_mail.html",
        {
            "registration": sign_up,
            "message": message,
            "form": form,
            "problem": problem,
            "meant": addresses.did_you_mean(sign_up.address),
            "seconds": _seconds_to_wait(message),
        },
    )


def _too_many_letters(refusal: limits.Refused) -> str:
    if refusal.limit.scope.startswith("corrections."):
        sentence = _("Vous avez changé l’adresse plusieurs fois. Réessayez %(wait)s.")
    else:
        sentence = _("Plusieurs messages ont déjà été demandés pour cette adresse. Réessayez %(wait)s.")
    return sentence % {"wait": refusal.wait}


def _seconds_to_wait(message: Message | None) -> int:
    """Return how long before the letter may be asked for again."""
    if message is None:
        return 0
    now = message.read_at or clock.now()
    return max(0, math.ceil((message.created_at + registration.PAUSE - now).total_seconds()))
