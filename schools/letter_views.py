"""A head gives letters for a first sign-in: asks for them, prints them, sees which were used, revokes some.

As with files (:mod:`schools.views`): for anybody else there is nothing here, and what gives or takes access
asks for the password again when its last proof is old.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db.models import Exists, OuterRef, Q
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from back_office import who
from throttling import limits

from .forms import LettersForm, NewLetterForm
from .letters import codes, keeping, making, outcomes, people, revoking, typesetting
from .models import (
    Audience,
    Division,
    GuardianContact,
    Letter,
    LetterBatch,
    School,
    StaffMember,
    Student,
)
from .models.letters import LetterBatchQuerySet
from .models.pupils import GroupKind
from .own_school import GIVE_LETTERS, IMPORT_ROSTERS
from .scope import Scope
from .search_key import prefix_query, words_of
from .views import at_own_school, proved

A_PAGE, MOST_FOUND = 100, 20
Person = Student | StaffMember | GuardianContact


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@at_own_school(GIVE_LETTERS)
def batches(request: HttpRequest, school: School, scope: Scope) -> HttpResponse:
    """Show the letters that were given lately, and take back those of a class."""
    if request.method == "POST":
        return proved(_revoke_division)(request, school=school, scope=scope)
    return _batches_page(request, school, scope)


def _revoke_division(request: HttpRequest, school: School, scope: Scope) -> HttpResponse:
    division = _chosen(classes_of(school), request.POST.get("division", ""))
    if division is None:
        messages.warning(request, _("Choisissez d’abord la classe."))
    else:
        count = revoking.revoke_division(division, scope=scope, by=who.asks(request))
        told = ngettext("%(count)d lettre annulée.", "%(count)d lettres annulées.", count)
        none = _("Aucune lettre de cette classe n’était à annuler.")
        messages.success(request, told % {"count": count} if count else none)
    return redirect("own_school_letters")


def _batches_page(request: HttpRequest, school: School, scope: Scope) -> HttpResponse:
    latest = _batches(request, scope).prefetch_related("divisions").order_by("-pk")[:30]
    shown = {
        "school": school,
        "batches": latest,
        "classes": classes_of(school).filter(kind=GroupKind.DIVISION),
    }
    return render(request, "schools/letters/batches.html", shown)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@at_own_school(GIVE_LETTERS)
def prepare(request: HttpRequest, school: School, scope: Scope) -> HttpResponse:
    """Ask for whom letters are: the password comes first, so that nothing of the form is lost."""
    return proved(_prepare)(request, school=school, scope=scope)


def _prepare(request: HttpRequest, school: School, scope: Scope) -> HttpResponse:
    form = LettersForm(classes_of(school), request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        try:
            batch = making.ask(
                school,
                audience=Audience(said["audience"]),
                divisions=form.chosen,
                language=said["language"],
                per_page=said["per_page"],
                includes_known=said["includes_known"],
                scope=scope,
                by=who.asks(request),
                submission=said["submission"],
            )
        except making.AlreadyOne:
            form.add_error(
                None,
                _(
                    "D’autres lettres sont en préparation : attendez qu’elles soient prêtes, ou "
                    "abandonnez-les."
                ),
            )
        except making.Nobody:
            form.add_error(
                None,
                _(
                    "Personne n’attend de lettre : tous ont déjà un compte, ou votre fichier ne nomme "
                    "personne. "
                    "Pour écrire aussi à ceux qui ont un compte, cochez la case."
                ),
            )
        else:
            return redirect("own_school_letter_batch", public_id=batch.public_id)
    shown = {"school": school, "form": form, "nameless": people.without_identifier(school)}
    return render(request, "schools/letters/prepare.html", shown)


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@at_own_school(GIVE_LETTERS)
def batch(request: HttpRequest, school: School, scope: Scope, public_id: UUID) -> HttpResponse:
    """Show how far letters are, hand over their files, and say which were used."""
    found = get_object_or_404(_batches(request, scope).select_related("school__academy"), public_id=public_id)
    if request.method == "POST":
        return proved(_act)(request, school=school, scope=scope, found=found)
    return _batch_page(request, school, found)


def _act(request: HttpRequest, school: School, scope: Scope, found: LetterBatch) -> HttpResponse:
    by = who.asks(request)
    try:
        if "pdf" in request.POST:
            number = request.POST["pdf"]
            content = keeping.take_pdf(
                found, int(number) if number.isdecimal() and len(number) < 6 else -1, scope=scope, by=by
            )
            return _file(content, "application/pdf", f"lettres-{school.uai}-{int(number) + 1}.pdf")
        if "table" in request.POST:
            table = keeping.take_table(found, scope=scope, by=by)
            return _file(table.encode(), "text/csv; charset=utf-8", f"lettres-{school.uai}.csv")
        if "erase" in request.POST:
            keeping.erase(found, scope=scope, by=by)
        elif "give_up" in request.POST:
            making.give_up(found, scope=scope, by=by)
        elif "revoke" in request.POST:
            _revoke(found, request.POST["revoke"], scope=scope, by=by)
    except keeping.NoFile:
        messages.warning(
            request, _("Ce fichier n’existe plus : une nouvelle lettre remplace celle qui manque.")
        )
    return redirect(request.get_full_path())


def _revoke(found: LetterBatch, public_id: str, *, scope: Scope, by: str) -> None:
    letters = Letter.objects.filter(batch=found).select_related(
        "batch__school__academy", "student", "staff_member", "contact"
    )
    letter = _chosen(letters, public_id)
    if letter is not None:
        revoking.revoke(letter, scope=scope, by=by)


def _file(content: bytes, kind: str, name: str) -> HttpResponse:
    answer = HttpResponse(content, content_type=kind)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer


def _batch_page(request: HttpRequest, school: School, found: LetterBatch) -> HttpResponse:
    number = _page_number(request)
    letters = list(
        Letter.objects.given()
        .filter(batch=found)
        .with_standing()
        .select_related("student", "staff_member", "contact", "division")
        .order_by("pk")[(number - 1) * A_PAGE : number * A_PAGE + 1]
    )
    has_files = LetterBatch.objects.with_files().filter(pk=found.pk).exists()
    shown = {
        "school": school,
        "batch": found,
        "why": outcomes.sentence(found.reason) if found.reason else "",
        "files": list(found.files.defer("sealed")) if has_files else [],
        "letters": letters[:A_PAGE],
        "counts": Letter.objects.given().filter(batch=found).standings(),
        "previous": number - 1,
        "next": number + 1 if len(letters) > A_PAGE else 0,
    }
    return render(request, "schools/letters/batch.html", shown)


def _page_number(request: HttpRequest) -> int:
    typed = request.GET.get("page", "")
    return max(1, int(typed)) if typed.isdecimal() and len(typed) <= 5 else 1


@never_cache
@require_safe
@at_own_school(GIVE_LETTERS)
def progress(request: HttpRequest, school: School, scope: Scope, public_id: UUID) -> HttpResponse:
    """Say how far letters are, for the script of the page."""
    found = get_object_or_404(_batches(request, scope), public_id=public_id)
    return JsonResponse({"percent": found.progress, "moves": found.is_unfinished})


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
@at_own_school(GIVE_LETTERS)
def persons(request: HttpRequest, school: School, scope: Scope) -> HttpResponse:
    """Find somebody of one's school by name: which letter they have, a new one, or none any more.

    Nobody is listed before they are looked for (SAFETY T53).
    """
    if request.method == "POST":
        return proved(_act_on_person)(request, school=school, scope=scope)
    return _persons_page(request, scope, school)


def _act_on_person(request: HttpRequest, school: School, scope: Scope) -> HttpResponse:
    form = NewLetterForm(request.POST)
    by = who.asks(request)
    if "new" in request.POST and form.is_valid():
        person = _person(request, school, scope)
        try:
            given = codes.replace(
                person,
                school=school,
                by=by,
                submission=form.cleaned_data["submission"],
                language=_language_of(person),
            )
        except codes.NoIdentifier:
            told = _(
                "Cette personne n’a pas d’identifiant académique dans votre fichier : ajoutez-le d’abord."
            )
        except keeping.NoFile:
            told = _("Cette lettre a déjà été donnée, et son fichier est effacé. Demandez-en une autre.")
        except typesetting.Unprintable:
            told = outcomes.sentence("unprintable")
        except limits.Refused as refusal:
            told = _("Trop de nouvelles lettres ont été données. Réessayez %(wait)s.") % {
                "wait": refusal.wait
            }
        else:
            return redirect("own_school_letter_batch", public_id=given.batch.public_id)
        messages.warning(request, told)
    elif "revoke" in request.POST:
        letters = Letter.objects.open_to(scope).select_related(
            "batch__school__academy", "student", "staff_member", "contact"
        )
        letter = _chosen(letters.in_force(), request.POST["revoke"])
        if letter is not None:
            revoking.revoke(letter, scope=scope, by=by)
    return redirect(request.get_full_path())


def _persons_page(request: HttpRequest, scope: Scope, school: School) -> HttpResponse:
    typed = request.GET.get("q", "").replace("\0", "").strip()[:200]
    query = prefix_query(typed)
    found: list[dict[str, Any]] = []
    for rows in _rows_of(request, school, scope) if query is not None else ():
        for person in rows.alias(words=words_of("search_key")).filter(words=query)[: MOST_FOUND - len(found)]:
            letters = Letter.objects.given().with_standing().filter(**{_column(person): person})
            found.append(
                {
                    "person": person,
                    "key": f"{_column(person)}:{person.public_id}",
                    "letter": letters.order_by("-given_at").first(),
                    "kind": type(person)._meta.verbose_name,
                }
            )
    shown = {"school": school, "typed": typed, "found": found, "form": NewLetterForm(auto_id=False)}
    return render(request, "schools/letters/persons.html", shown)


def _is_head(request: HttpRequest, scope: Scope) -> bool:
    """Say whether a person heads the school, and was not only let help with its letters.

    Whoever holds a head's letter becomes the head: a helper neither makes one nor prints it (SAFETY T35). Nor
    one of a colleague whose rights have ever grown, who may be let look after what the helper is not.
    """
    person: Any = request.user
    return scope.schools <= person.scope(IMPORT_ROSTERS).schools


def _batches(request: HttpRequest, scope: Scope) -> LetterBatchQuerySet:
    """Return the letters of a school that somebody may see and print."""
    found = LetterBatch.objects.open_to(scope)
    if _is_head(request, scope):
        return found
    may_more = Q(staff_member__role=StaffMember.Role.HEAD) | Q(
        staff_member__letters_since__lte=OuterRef("asked_at")
    )
    to_heads = Letter.objects.filter(may_more, batch=OuterRef("pk"))
    return found.exclude(Exists(to_heads))


def _rows_of(request: HttpRequest, school: School, scope: Scope) -> tuple[Any, ...]:
    """Return whom somebody may write to for a school: those whom it declares now."""
    staff = StaffMember.objects.open_to(scope).filter(school=school, gone_at=None)
    if not _is_head(request, scope):
        staff = staff.of_plain_rights()
    return (
        Student.objects.living().filter(schoolings__school=school, schoolings__gone_at=None),
        staff,
        GuardianContact.objects.open_to(scope).filter(school=school, mobile=""),
    )


def _language_of(person: Person) -> str:
    """Return the language of the letter that somebody had last; French for a first one."""
    letters = Letter.objects.filter(**{_column(person): person}).order_by("-pk")
    return letters.values_list("batch__language", flat=True).first() or "fr"


def _column(person: Person) -> str:
    return {Student: "student", StaffMember: "staff_member", GuardianContact: "contact"}[type(person)]


def _person(request: HttpRequest, school: School, scope: Scope) -> Person:
    """Return the person that a button names, of one's own school; :class:`Http404` for any other."""
    column, _colon, public_id = request.POST["new"].partition(":")
    for rows in _rows_of(request, school, scope):
        if _column(rows.model()) == column:
            person: Person | None = _chosen(rows, public_id)
            if person is not None:
                return person
    raise Http404


def _chosen(rows: Any, public_id: str) -> Any:
    """Return the row that was named, if it is one of these."""
    try:
        return rows.filter(public_id=UUID(public_id)).first()
    except ValueError:
        return None


def classes_of(school: School) -> Any:
    """Return the classes and groups of a school that are open."""
    return Division.objects.filter(school=school, closed_at=None).order_by("kind", "code")
