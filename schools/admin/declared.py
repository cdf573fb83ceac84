"""Schools and what they declare: found, never browsed, and who looked is noted (SAFETY T35, T50, T53)."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.db.models import Exists, OuterRef, Prefetch, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.html import format_html_join
from django.utils.timezone import localtime
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _

from back_office import who
from back_office.acts import Act, ReasonForm, Refused, form_page
from back_office.scoped import ScopedAdmin
from schools import annuaire, reading
from schools.models import (
    Division,
    GuardianContact,
    GuardianTie,
    School,
    Schooling,
    StaffMember,
    Student,
    StudentMerge,
)
from schools.rosters import merging
from schools.rosters.outcomes import sentence
from schools.rosters.rows import FileRefused
from schools.rosters.uai import is_uai
from schools.scope import NOWHERE
from schools.search_key import prefix_query, words_of

# accounts.powers.Power, of a floor above.
READ_ROSTERS, IMPORT_ROSTERS, LOAD_SCHOOLS = "read_rosters", "import_rosters", "load_schools"
NONE = "—"
NOT_ALL_OURS = _(
    "Un de ces élèves est aussi dans une autre académie : demandez à un administrateur national."
)


def named(rows: QuerySet[Any], typed: str) -> QuerySet[Any]:
    """Keep whoever is called so: without accents, by the beginnings of words, by an index."""
    query = prefix_query(typed)
    return rows.none() if query is None else rows.alias(words=words_of("search_key")).filter(words=query)


class DeclaredAdmin(ScopedAdmin):
    """Rows that a school declares."""

    read_power = READ_ROSTERS
    needs_search = True

    def rows(self, request: HttpRequest, power: str) -> QuerySet[Any]:
        """Return what the schools of this person declare."""
        scope = self.scope(request, power)
        rows: Any = self.model._default_manager
        return rows.open_to(scope) if scope else rows.none()


class NotedAdmin(DeclaredAdmin):
    """Rows about a person: the journal says who opened them."""

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, *args: Any, **kwargs: Any
    ) -> Any:
        """Show it, and note who looked."""
        answer = super().changeform_view(request, object_id, *args, **kwargs)
        row: Any = self.get_object(request, object_id) if object_id else None
        if row is not None:
            reading.note(row, by=who.asks(request))
        return answer


class AnnuaireForm(forms.Form):
    """The national list."""

    file = forms.FileField(
        label=_("Fichier CSV de l’annuaire de l’éducation"),
        help_text=_(
            "« fr-en-annuaire-education », de data.education.gouv.fr. Deux cents mégaoctets au plus."
        ),
        error_messages={"required": _("Choisissez le fichier."), "empty": _("Ce fichier est vide.")},
    )


@admin.register(School)
class SchoolAdmin(DeclaredAdmin):
    """« Établissements »."""

    needs_search = False
    search_help_text = _("Un code UAI, ou un nom et une commune (les accents ne comptent pas).")
    ordering = ("uai",)
    list_display = ("uai", "name", "kind", "commune", "is_open")
    list_display_links = ("uai", "name")
    fields = readonly_fields = (
        "uai", "name", "kind", "nature", "is_public", "academy", "department", "commune", "postcode", "mail",
        "phone", "is_open", "numbers", "classes",
    )  # fmt: skip
    change_list_template = "back_office/list.html"

    def search(self, request: HttpRequest, rows: QuerySet[Any], typed: str) -> QuerySet[Any]:
        """Find by UAI, or by name and commune."""
        code = typed.upper().replace(" ", "")
        return rows.filter(uai=code) if is_uai(code) else named(rows, typed)

    def get_urls(self) -> list[Any]:
        """Add the page that takes the national list."""
        view = self.admin_site.admin_view(self.load_view)
        return [path("annuaire/", view, name="schools_school_load"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: Any = None) -> Any:
        """Show the list, and to national staff the way to load it anew."""
        links: list[tuple[str, str | Promise]] = []
        if self.scope(request, LOAD_SCHOOLS):
            links = [("annuaire/", _("Charger l’annuaire de l’éducation"))]
        return super().changelist_view(request, {"list_links": links, **(extra_context or {})})

    def load_view(self, request: HttpRequest) -> HttpResponse:
        """Take the national list, as a stream."""
        if not self.scope(request, LOAD_SCHOOLS):
            raise Http404
        form = AnnuaireForm(request.POST or None, request.FILES or None)
        if request.method == "POST" and form.is_valid():
            try:
                outcome = annuaire.load(form.cleaned_data["file"].file, actor=who.asks(request))
            except FileRefused as refused:
                where = _now("ligne %(line)s") % {"line": refused.line}
                form.add_error("file", f"{sentence(refused.code)} ({where})")
            else:
                said = _now(
                    "Établissements lus : %(read)s, ajoutés : %(added)s, modifiés : %(changed)s, absents du "
                    "fichier et gardés : %(missing)s, lignes refusées : %(refused)s."
                )
                messages.success(request, said % vars(outcome))
                for refusal in outcome.refusals[:20]:
                    messages.warning(
                        request,
                        _now("Ligne %(line)s : %(why)s")
                        % {"line": refusal.line, "why": sentence(refusal.code)},
                    )
                return redirect("admin:schools_school_changelist")
        return form_page(
            self,
            request,
            form,
            title=_("Charger l’annuaire de l’éducation"),
            explanation=_("Les établissements sont ajoutés ou modifiés, jamais supprimés."),
            back=reverse("admin:schools_school_changelist"),
            submit=_("Charger"),
        )

    @admin.display(description=_("déclarés"))
    def numbers(self, school: School) -> str:
        """How many people it declares now."""
        return _now("élèves : %(pupils)s, personnel : %(staff)s") % {
            "pupils": Schooling.objects.current().filter(school=school).count(),
            "staff": StaffMember.objects.filter(school=school, gone_at=None).count(),
        }

    @admin.display(description=_("classes et groupes"))
    def classes(self, school: School) -> str:
        """Its classes that are not closed."""
        return (
            ", ".join(str(each) for each in school.divisions.filter(closed_at=None).order_by("code")) or NONE
        )


@admin.register(Division)
class DivisionAdmin(ScopedAdmin):
    """« Classes et groupes »: of a school, by its UAI."""

    read_power = READ_ROSTERS
    academy_path = "school__academy__code"
    needs_search = True
    search_help_text = _("Le code UAI de l’établissement.")
    ordering = ("code",)
    list_display = ("code", "name", "kind", "year", "school", "closed_at")
    list_display_links = ("code",)
    list_select_related = ("school",)
    fields = readonly_fields = ("code", "name", "kind", "year", "school", "closed_at", "size")

    def search(self, request: HttpRequest, rows: QuerySet[Any], typed: str) -> QuerySet[Any]:
        """Find by the UAI of the school."""
        return rows.filter(school__uai=typed.upper().replace(" ", ""))

    @admin.display(description=_("année scolaire"))
    def year(self, division: Division) -> str:
        """Its school year."""
        return f"{division.school_year}-{division.school_year + 1}"

    @admin.display(description=_("élèves"))
    def size(self, division: Division) -> int:
        """How many pupils are in it."""
        return division.schoolings.filter(gone_at=None).count()


class MergeForm(ReasonForm):
    """Which other record is the same child."""

    other = forms.CharField(
        label=_("Référence de l’autre fiche"),
        help_text=_("Elle est écrite sur l’autre fiche, à la ligne « référence »."),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false"}),
    )

    def clean_other(self) -> UUID:
        """Return the reference."""
        try:
            return UUID(self.cleaned_data["other"].strip())
        except ValueError as error:
            raise forms.ValidationError(_("Ce n’est pas une référence : recopiez-la en entier.")) from error


def _merge(request: HttpRequest, student: Student, said: dict[str, Any]) -> None:
    scope = ScopedAdmin.scope(request, IMPORT_ROSTERS)
    other = Student.objects.open_to(scope).filter(public_id=said["other"]).first()
    if other is None:
        raise Refused(_now("Aucune fiche de votre académie n’a cette référence."))
    try:
        merging.merge(student, other, scope=scope, by=who.asks(request), reason=said["reason"])
    except merging.SameRecord as refusal:
        raise Refused(_now("C’est la référence de cette fiche-ci : donnez celle de l’autre.")) from refusal
    except merging.MergedAlready as refusal:
        raise Refused(
            _now("Une de ces fiches est déjà réunie à une autre : séparez-les d’abord.")
        ) from refusal
    except merging.NotAllowed as refusal:
        raise Refused(
            _now(
                "Un de ces élèves est aussi dans une autre académie : demandez à un administrateur national."
            )
        ) from refusal


def _separate(request: HttpRequest, student: Student, said: dict[str, Any]) -> None:
    scope = ScopedAdmin.scope(request, IMPORT_ROSTERS)
    try:
        for merged in StudentMerge.objects.filter(kept=student).order_by("-pk"):
            merging.undo(merged, scope=scope, by=who.asks(request), reason=said["reason"])
    except merging.NotAllowed as refusal:
        raise Refused(
            _now(
                "Un de ces élèves est aussi dans une autre académie : demandez à un administrateur national."
            )
        ) from refusal


def _is_merged(_request: HttpRequest, student: Student) -> bool:
    return StudentMerge.objects.filter(kept=student).exists()


def _is_alone(_request: HttpRequest, student: Student) -> bool:
    return student.merged_into_id is None


@admin.register(Student)
class StudentAdmin(NotedAdmin):
    """« Élèves »: nobody is listed before they are looked for."""

    search_help_text = _(
        "Un nom et un prénom (les accents ne comptent pas, le début suffit), un INE entier, ou le "
        "code UAI d’un "
        "établissement."
    )
    list_display = ("name", "birth_date", "schools", "access")
    list_display_links = ("name",)
    fields = readonly_fields = (
        "first_name", "other_first_names", "family_name", "usage_name", "birth_date", "sex", "ine", "schools",
        "classes", "access", "guardians", "twins", "reference",
    )  # fmt: skip
    acts = (
        Act(
            name="reunir",
            label=_("Réunir avec une autre fiche"),
            power=IMPORT_ROSTERS,
            do=_merge,
            done=_("Les deux fiches n’en font plus qu’une."),
            explanation=_(
                "Pour un même enfant connu par deux fiches. Cette fiche-ci reste ; l’autre lui donne ses "
                "établissements et ses responsables. Vous pourrez les séparer à nouveau."
            ),
            form=MergeForm,
            is_offered=_is_alone,
            grave=True,
        ),
        Act(
            name="separer",
            label=_("Séparer les fiches réunies"),
            power=IMPORT_ROSTERS,
            do=_separate,
            done=_("Les fiches sont séparées : chacune a retrouvé ce qu’elle avait."),
            is_offered=_is_merged,
            grave=True,
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        """Return the pupils with what schools of this person say of each: not what others say."""
        scope = self.scope(request, READ_ROSTERS) or NOWHERE
        contacts = GuardianContact.objects.open_to(scope)
        return (
            super()
            .get_queryset(request)
            .prefetch_related(
                Prefetch("schoolings", Schooling.objects.open_to(scope).select_related("school")),
                Prefetch(
                    "ties",
                    GuardianTie.objects.filter(contact__in=contacts)
                    .select_related("contact__school")
                    .order_by("pk"),
                ),
            )
        )

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return a pupil, with the other records of that name and birth date that this person may see."""
        student: Any = super().get_object(request, object_id, from_field)
        if student is not None:
            seen = Student.objects.open_to(self.scope(request, READ_ROSTERS) or NOWHERE).living()
            student.alike = seen.filter(
                birth_date=student.birth_date, identity_key=student.identity_key
            ).exclude(pk=student.pk)
        return student

    def search(self, request: HttpRequest, rows: QuerySet[Any], typed: str) -> QuerySet[Any]:
        """Find by INE, by UAI, or by name."""
        code = typed.upper().replace(" ", "")
        if is_uai(code):
            # The school's key first, so that PostgreSQL knows how few pupils it has.
            school = School.objects.filter(uai=code).values_list("pk", flat=True).first()
            here = Schooling.objects.filter(student=OuterRef("pk"), school=school)
            return rows.filter(Exists(here)) if school else rows.none()
        if len(code) == 11 and any(sign.isdecimal() for sign in code):
            # The keys first: by the unique index, whatever else the doorway asks.
            return rows.filter(pk__in=list(Student.objects.filter(ine=code).values_list("pk", flat=True)))
        return named(rows, typed)

    def row_name(self, student: Student) -> str:
        """Name the pupil."""
        return str(student)

    @admin.display(description=_("nom"))
    def name(self, student: Student) -> str:
        """First name and name."""
        return str(student)

    @admin.display(description=_("établissements"))
    def schools(self, student: Any) -> str:
        """Where they are, or were lately."""
        return ", ".join(str(each.school) for each in student.schoolings.all()) or NONE

    @admin.display(description=_("classes et groupes"))
    def classes(self, student: Student) -> str:
        """Their classes."""
        found = Division.objects.filter(schoolings__in=student.schoolings.all()).order_by("school", "code")
        return ", ".join(str(each) for each in found) or NONE

    @admin.display(description=_("accès"))
    def access(self, student: Any) -> str:
        """Whether they may come in, and until when."""
        lines = []
        for each in student.schoolings.all():
            if each.access_until is None:
                lines.append(_now("ouvert"))
            else:
                day = date_format(localtime(each.access_until), "DATE_FORMAT")
                lines.append(_now("parti, jusqu’au %(day)s") % {"day": day})
        return ", ".join(lines) or NONE

    @admin.display(description=_("responsables et contacts"))
    def guardians(self, student: Student) -> str:
        """Whom schools may call about them."""
        lines = (
            (
                tie.contact,
                tie.get_responsibility_display(),
                tie.contact.school,
                _now(" — retiré") if tie.removed_at else "",
            )
            for tie in student.ties.all()
        )
        return format_html_join("", "<p>{} — {} ({}){}</p>", lines) or NONE

    @admin.display(description=_("peut-être la même personne"))
    def twins(self, student: Any) -> str:
        """The references of other records with this name and this birth date."""
        if not student.birth_date:
            return NONE
        return ", ".join(map(str, student.alike.values_list("public_id", flat=True)[:20])) or NONE

    @admin.display(description=_("référence"))
    def reference(self, student: Student) -> str:
        """What staff copy to bring two records together."""
        return str(student.public_id)


@admin.register(GuardianContact)
class ContactAdmin(NotedAdmin):
    """« Contacts des élèves »."""

    search_help_text = _(
        "Un nom et un prénom (les accents ne comptent pas), un courriel entier, ou un numéro de portable "
        "(+33639980001)."
    )
    list_display = ("name", "school")
    list_display_links = ("name",)
    list_select_related = ("school",)
    fields = readonly_fields = (
        "title", "first_name", "family_name", "usage_name", "mobile", "phone", "email", "sms_consent",
        "school", "children",
    )  # fmt: skip

    def search(self, request: HttpRequest, rows: QuerySet[Any], typed: str) -> QuerySet[Any]:
        """Find by address, by mobile, or by name."""
        if "@" in typed:
            return rows.filter(email=typed.lower())
        if typed.startswith("+"):
            return rows.filter(mobile=typed.replace(" ", ""))
        return named(rows, typed)

    @admin.display(description=_("nom"))
    def name(self, contact: GuardianContact) -> str:
        """First name and name."""
        return str(contact)

    @admin.display(description=_("élèves"))
    def children(self, contact: GuardianContact) -> str:
        """To which pupils they are what."""
        lines = (
            (
                tie.student,
                tie.get_responsibility_display(),
                _now(" — retiré") if tie.removed_at else "",
            )
            for tie in contact.ties.select_related("student").order_by("pk")
        )
        return format_html_join("", "<p>{} — {}{}</p>", lines) or NONE


@admin.register(StaffMember)
class StaffMemberAdmin(NotedAdmin):
    """« Personnel des établissements »."""

    search_help_text = _(
        "Un nom et un prénom (les accents ne comptent pas), un identifiant ou un courriel académique "
        "entier, ou "
        "le code UAI d’un établissement."
    )
    list_display = ("name", "role", "school")
    list_display_links = ("name",)
    list_select_related = ("school",)
    fields = readonly_fields = (
        "first_name", "family_name", "role", "identifier", "email", "personal_phone", "professional_phone",
        "mobile", "school", "classes", "gone_at", "access_until",
    )  # fmt: skip

    def search(self, request: HttpRequest, rows: QuerySet[Any], typed: str) -> QuerySet[Any]:
        """Find by UAI, by address, by identifier, or by name."""
        code = typed.upper().replace(" ", "")
        if is_uai(code):
            return rows.filter(school__uai=code)
        if "@" in typed:
            return rows.filter(email=typed.lower())
        keys = list(StaffMember.objects.filter(identifier=typed.lower()).values_list("pk", flat=True)[:20])
        return rows.filter(pk__in=keys) if keys else named(rows, typed)

    @admin.display(description=_("nom"))
    def name(self, member: StaffMember) -> str:
        """First name and name."""
        return str(member)

    @admin.display(description=_("classes"))
    def classes(self, member: StaffMember) -> str:
        """With which classes they work."""
        return ", ".join(str(each) for each in member.divisions.all()) or NONE
