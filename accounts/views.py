"""The pages of people: sign-up, confirmation, sign-in, recovery, the school year (SCREENS A2 to A8)."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from django.contrib.auth import authenticate
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_GET, require_http_methods
from markdown_it import MarkdownIt

from notifications import outbox
from schools import reference
from schools.school_year import SchoolYear
from throttling import limits
from throttling.clients import client_address

from . import browsers, enrolment, recovery, registration, sessions, steps
from .forms import (
    AddressCorrectionForm,
    GuardianAgreementForm,
    NewPasswordForm,
    PasswordProofForm,
    RecoveryForm,
    RegistrationForm,
    RenewalForm,
    SignInForm,
)
from .middleware import steps_not_required
from .models import MCM, Enrolment, Level, PolicyDocument, Registration
from .passwords import MCM as POLICY
from .passwords import PasswordContext

View = Callable[..., HttpResponseBase]
page = require_http_methods(["GET", "HEAD", "POST"])


def holds_a_secret(view: View) -> View:
    """Keep the secret in a page's address to ourselves (SAFETY T26).

    Not ``no-referrer``: with it a browser sends « Origin: null » with the page's own forms, and they
    are refused. ``strict-origin`` never shows a path either.
    """

    @functools.wraps(view)
    def wrapped(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response.headers["Referrer-Policy"] = "strict-origin"
        return response

    return never_cache(wrapped)


def next_page(request: HttpRequest) -> str:
    """Return the page that was wanted before signing in, if it is one of ours (SAFETY T57)."""
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    if url_has_allowed_host_and_scheme(wanted, allowed_hosts=None, require_https=request.is_secure()):
        return wanted
    return ""


# --- sign-in and sign-out (A2) ------------------------------------------------------------------


@login_not_required
@never_cache
@page
@sensitive_post_parameters("password")
def sign_in(request: HttpRequest, level: Level | None = None) -> HttpResponse:
    """Sign in at the door of MCM. Each level has its page; the door is one."""
    wanted = next_page(request)
    if request.user.is_authenticated:
        return redirect(wanted or "my_space")
    known = browsers.name(request)
    form = SignInForm(request.POST or None, initial={"login": known, "remember_name": bool(known)})
    if request.method == "POST" and form.is_valid():
        login = form.cleaned_data["login"]
        try:
            user = authenticate(
                request, login=login, password=form.cleaned_data["password"], authority=MCM
            )
        except limits.Refused as refusal:
            form.add_error(
                None,
                _(
                    "Trop d’essais pour ce compte. Réessayez %(wait)s, ou choisissez "
                    "un nouveau mot de passe avec « Vous avez oublié… »."
                )
                % {"wait": refusal.wait},
            )
        else:
            if user is not None:
                response = sessions.sign_in(request, user, next_url=wanted or None)
                browsers.remember_name(response, login.strip() if form.cleaned_data["remember_name"] else "")
                return response
            form.add_error(
                None,
                _(
                    "Ce nom d’utilisateur et ce mot de passe ne vont pas ensemble. Vérifiez les "
                    "majuscules. Vous venez de vous inscrire ? Ouvrez d’abord le lien reçu par courriel."
                ),
            )
    return render(
        request,
        "accounts/sign_in.html",
        {"form": form, "level": level, "next": wanted, "year": SchoolYear.current()},
    )


@login_not_required
@never_cache
@page
def sign_out(request: HttpRequest) -> HttpResponse:
    """End the session; asked for by a form, never by a link alone (SAFETY T33)."""
    if not request.user.is_authenticated:
        return redirect("home")
    if request.method == "POST":
        sessions.sign_out(request)
        return redirect("home")
    return render(request, "accounts/sign_out.html")


# --- sign-up (A3, A4) -----------------------------------------------------------------------------


@login_not_required
@never_cache
@page
def consent(request: HttpRequest, level: Level) -> HttpResponse:
    """Show the terms in force; the form comes after « J’accepte »."""
    document = PolicyDocument.objects.in_force(PolicyDocument.Kind.TERMS).first()
    refused = False
    if request.method == "POST" and document is not None:
        if request.POST.get("accept") and request.POST.get("document") == str(document.pk):
            response = redirect("register", level=level)
            browsers.remember_consent(request, response, document=document.pk, at=timezone.now())
            return response
        refused = True
    return render(
        request, "accounts/consent.html", {"level": level, "document": document, "refused": refused}
    )


@login_not_required
@never_cache
@page
@sensitive_post_parameters("password")
def register(request: HttpRequest, level: Level) -> HttpResponse:
    """« Nouveau compte »: no form before consent to the terms in force."""
    terms = PolicyDocument.objects.in_force(PolicyDocument.Kind.TERMS).first()
    consent = browsers.consent(request)
    if terms is None or consent is None or consent.document != terms.pk:
        return redirect("consent", level=level)
    suggestions: list[str] = []
    if request.method != "POST":
        form = RegistrationForm()
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
                    "username", _("Ce nom d’utilisateur est déjà pris. Choisissez-en un autre, ou prenez-en un d’ici.")
                )
            else:
                response = redirect("check_mail")
                browsers.remember_registration(response, sign_up.public_id)
                return response
    return render(
        request,
        "accounts/register.html",
        {"form": form, "level": level, "policy": POLICY.as_data(), "suggestions": suggestions},
    )


def _with_suggestion(data: Any) -> Any:
    if not data.get("suggestion"):
        return data
    data = data.copy()
    data["username"] = data["suggestion"]
    return data


def _sign_up(
    cleaned: dict[str, Any], *, level: Level, consent: browsers.Consent
) -> registration.SignUp:
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
    return None, _("Beaucoup d’inscriptions ont été essayées d’ici. Réessayez %(wait)s.") % {"wait": refusal.wait}


@login_not_required
@require_GET
def departments(request: HttpRequest) -> JsonResponse:
    """Give the departments of an académie to the form, so that it need not be loaded again."""
    chosen = next(
        (row for row in reference.academies_with_departments() if row.code == request.GET.get("academy")), None
    )
    found = chosen.departments if chosen else ()
    return JsonResponse(
        {
            "is_open": chosen.is_open if chosen else True,
            "departments": [{"code": row.code, "name": f"{row.name} ({row.code})"} for row in found],
        }
    )


# --- « Vérifiez vos messages » (A5) ---------------------------------------------------------------


@login_not_required
@never_cache
@page
def check_mail(request: HttpRequest) -> HttpResponse:
    """Say where the mail went and what became of it; send it again, or to another address."""
    public_id = browsers.registration(request)
    sign_up = Registration.objects.filter(public_id=public_id).first() if public_id else None
    if sign_up is None:
        return render(request, "accounts/check_mail_elsewhere.html")
    if sign_up.confirmed_at is not None:
        return redirect("confirmed")
    form = AddressCorrectionForm()
    problem = ""
    if request.method == "POST":
        try:
            if request.POST.get("action") == "again":
                registration.write_again(sign_up)
                return redirect("check_mail")
            form = AddressCorrectionForm(request.POST)
            if form.is_valid():
                registration.correct_address(
                    sign_up, form.cleaned_data["address"], device=browsers.device(request)
                )
                return redirect("check_mail")
        except limits.Refused as refusal:
            problem = _("Le message vient de partir. Vous pourrez le redemander %(wait)s.") % {
                "wait": refusal.wait
            }
        except registration.AlreadyConfirmed:
            return redirect("confirmed")
    message = outbox.latest(kind=registration.KIND, reference=str(sign_up.public_id))
    return render(
        request,
        "accounts/check_mail.html",
        {"registration": sign_up, "message": message, "form": form, "problem": problem},
    )


# --- confirmation (A7, A8) ------------------------------------------------------------------------


@login_not_required
@holds_a_secret
@page
@sensitive_post_parameters("password")
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """Open the link of the mail. Looking changes nothing (SAFETY T22); the human's act confirms."""
    sign_up = registration.by_link(token)
    if sign_up is None:
        return render(request, "accounts/link_unknown.html", status=404)
    if sign_up.confirmed_at is not None:
        return render(request, "accounts/confirmed.html", {"registration": sign_up})
    if registration.link_expired(sign_up):
        return _expired(request, sign_up)
    if "pas-moi" in request.GET:
        return _disown(request, sign_up)
    if request.POST.get("action") == "new_password":
        return _write_for_a_new_password(request, sign_up)
    here = bool(sign_up.browser) and sign_up.browser == browsers.device_hash(request)
    if sign_up.needs_guardian:
        return _confirm_as_guardian(request, sign_up, token, here=here)
    if here:
        if request.method == "POST":
            return _confirmed(request, sign_up, token, open_session=True)
        return render(request, "accounts/confirm.html", {"registration": sign_up})
    form = PasswordProofForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            if registration.password_is_right(sign_up, form.cleaned_data["password"]):
                return _confirmed(request, sign_up, token, open_session=True)
            form.add_error("password", _("Ce n’est pas le mot de passe choisi à l’inscription."))
        except limits.Refused as refusal:
            form.add_error("password", _("Trop d’essais. Réessayez %(wait)s.") % {"wait": refusal.wait})
    return render(request, "accounts/confirm_elsewhere.html", {"registration": sign_up, "form": form})


def _confirm_as_guardian(request: HttpRequest, sign_up: Registration, token: str, *, here: bool) -> HttpResponse:
    form = GuardianAgreementForm(request.POST or None, expected=sign_up.first_name)
    if request.method == "POST" and form.is_valid():
        return _confirmed(request, sign_up, token, open_session=here, by_guardian=True)
    return render(request, "accounts/confirm_guardian.html", {"registration": sign_up, "form": form})


def _confirmed(
    request: HttpRequest,
    sign_up: Registration,
    token: str,
    *,
    open_session: bool,
    by_guardian: bool = False,
    password: str | None = None,
) -> HttpResponse:
    try:
        user = registration.confirm(sign_up, by_guardian=by_guardian, password=password)
    except registration.AlreadyConfirmed:
        return redirect("confirm", token=token)
    except registration.AddressTaken:
        return render(request, "accounts/address_taken.html", status=409)
    if open_session:
        sessions.sign_in(request, user)
        return redirect("confirmed")
    return redirect("confirm", token=token)


def _expired(request: HttpRequest, sign_up: Registration) -> HttpResponse:
    problem = ""
    sent = False
    if request.method == "POST":
        try:
            registration.write_again(sign_up)
            sent = True
        except limits.Refused as refusal:
            problem = _("Un message vient de partir. Vous pourrez en redemander un %(wait)s.") % {
                "wait": refusal.wait
            }
    return render(
        request,
        "accounts/link_expired.html",
        {"registration": sign_up, "problem": problem, "sent": sent},
        status=200 if sent else 410,
    )


def _disown(request: HttpRequest, sign_up: Registration) -> HttpResponse:
    """Ask before forgetting: a program that presses every button must not delete a family's sign-up."""
    sure = bool(request.POST.get("sure"))
    if request.method == "POST" and sure:
        registration.disown(sign_up)
        return render(request, "accounts/disowned.html")
    return render(
        request, "accounts/disown.html", {"registration": sign_up, "unsure": request.method == "POST"}
    )


def _write_for_a_new_password(request: HttpRequest, sign_up: Registration) -> HttpResponse:
    try:
        registration.write_for_a_new_password(sign_up)
    except limits.Refused as refusal:
        return render(
            request, "accounts/new_password_sent.html", {"registration": sign_up, "wait": refusal.wait}
        )
    return render(request, "accounts/new_password_sent.html", {"registration": sign_up})


@login_not_required
@holds_a_secret
@page
@sensitive_post_parameters("password")
def confirm_password(request: HttpRequest, token: str) -> HttpResponse:
    """Choose the password anew and confirm, by the fresh mail asked for on the page of the first one."""
    sign_up = registration.by_link(token, registration.KIND_NEW_PASSWORD)
    if sign_up is None:
        return render(request, "accounts/link_unknown.html", status=404)
    if sign_up.confirmed_at is not None:
        return render(request, "accounts/confirmed.html", {"registration": sign_up})
    if registration.link_expired(sign_up, registration.KIND_NEW_PASSWORD):
        return render(request, "accounts/link_unknown.html", status=410)
    form = NewPasswordForm(
        request.POST or None,
        context=PasswordContext(
            names=(sign_up.first_name, sign_up.last_name),
            username=sign_up.username,
            address=sign_up.address,
            school_words=(),
        ),
    )
    agreement = (
        GuardianAgreementForm(request.POST or None, expected=sign_up.first_name)
        if sign_up.needs_guardian
        else None
    )
    if request.method == "POST" and form.is_valid() and (agreement is None or agreement.is_valid()):
        return _confirmed(
            request,
            sign_up,
            token,
            open_session=True,
            by_guardian=sign_up.needs_guardian,
            password=form.cleaned_data["password"],
        )
    return render(
        request,
        "accounts/confirm_password.html",
        {"registration": sign_up, "form": form, "agreement": agreement, "policy": POLICY.as_data()},
    )


@login_not_required
@never_cache
@require_GET
def confirmed(request: HttpRequest) -> HttpResponse:
    """« Merci — Votre enregistrement a été confirmé »."""
    return render(request, "accounts/confirmed.html")


# --- getting back in ------------------------------------------------------------------------------


@login_not_required
@never_cache
@page
def recover(request: HttpRequest) -> HttpResponse:
    """Ask for the user name and a new password: the same answer for everyone (SAFETY T5)."""
    form = RecoveryForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            recovery.ask(
                form.cleaned_data["login"],
                device=browsers.device(request),
                client=client_address(request),
                language=get_language() or "fr",
            )
            return redirect("recover_sent")
        except limits.Refused as refusal:
            form.add_error(
                "login", _("Plusieurs messages ont déjà été demandés. Réessayez %(wait)s.") % {"wait": refusal.wait}
            )
    return render(request, "accounts/recover.html", {"form": form})


@login_not_required
@require_GET
def recover_sent(request: HttpRequest) -> HttpResponse:
    """Say what happens next, to everyone alike."""
    return render(request, "accounts/recover_sent.html")


@login_not_required
@holds_a_secret
@page
@sensitive_post_parameters("password")
def reset_password(request: HttpRequest, token: str) -> HttpResponse:
    """Choose a new password by the link of the mail; sign in at once."""
    asked = recovery.by_link(token)
    if asked is None or asked.user is None or not recovery.is_current(asked):
        return render(request, "accounts/reset_outdated.html", status=404 if asked is None else 410)
    user = asked.user
    form = NewPasswordForm(
        request.POST or None,
        context=PasswordContext(
            names=(user.first_name, user.last_name), username="", address=user.address(), school_words=()
        ),
    )
    if request.method == "POST" and form.is_valid():
        try:
            user = recovery.choose_password(asked, form.cleaned_data["password"])
        except recovery.Outdated:
            return render(request, "accounts/reset_outdated.html", status=410)
        return sessions.sign_in(request, user)
    names = user.sign_in_names.filter(authority=MCM).values_list("name", flat=True)
    return render(
        request,
        "accounts/reset_password.html",
        {"form": form, "names": list(names), "policy": POLICY.as_data()},
    )


# --- terms and school year ------------------------------------------------------------------------


@login_not_required
@require_GET
def terms(request: HttpRequest) -> HttpResponse:
    """Show the terms of use in force."""
    return _policy(request, PolicyDocument.Kind.TERMS)


@login_not_required
@require_GET
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
def accept_terms(request: HttpRequest) -> HttpResponse:
    """Ask for consent to a new version before going on."""
    document = steps.terms_to_accept(request.user)
    if document is None:
        return redirect("my_space")
    refused = False
    if request.method == "POST":
        if request.POST.get("accept") and request.POST.get("document") == str(document.pk):
            enrolment.accept(request.user, document)
            return redirect("my_space")
        refused = True
    return render(request, "accounts/accept_terms.html", {"document": document, "refused": refused})


@steps_not_required
@never_cache
@page
def renew(request: HttpRequest) -> HttpResponse:
    """« Je renouvelle mon inscription » at the new school year."""
    if not steps.needs_renewal(request.user):
        return redirect("my_space")
    last = request.user.enrolments.select_related("academy", "department").order_by("-school_year", "-id").first()
    form = RenewalForm(request.POST or None, initial=_as_initial(last))
    if request.method == "POST" and "show_departments" in request.POST:
        form = RenewalForm(initial=request.POST.dict())
    elif request.method == "POST" and form.is_valid():
        chosen = ("level", "profile", "academy_id", "department_id", "country")
        enrolment.enrol(request.user, **{name: form.cleaned_data[name] for name in chosen})
        return redirect("my_space")
    return render(
        request, "accounts/renew.html", {"form": form, "year": SchoolYear.current(), "last": last}
    )


def _as_initial(last: Enrolment | None) -> dict[str, str]:
    if last is None:
        return {}
    return {
        "level": last.level,
        "profile": last.profile,
        "academy": last.academy.code if last.academy else "etranger",
        "department": last.department.code if last.department else "",
        "country": last.country,
    }
