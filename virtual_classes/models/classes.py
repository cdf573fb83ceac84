"""Virtual classes, who belongs to them, and what an académie and a school let their teachers choose."""

from __future__ import annotations

import uuid
from typing import Any

from allauth.account.models import EmailAddress
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Level, User
from accounts.models.sign_ups import random_secret
from guardians.models import Guardianship
from schools.models import (
    Academy,
    Division,
    DivisionPupil,
    School,
    Schooling,
    StaffDivision,
    StaffMember,
    Student,
)
from schools.school_year import SchoolYear
from schools.scope import Scope

MOST_SEATS = 300
USUAL_SEATS = 40
LONGEST_BEFORE = 60  # minutes that a door may open before the hour
TEACHING = (StaffMember.Role.TEACHER, StaffMember.Role.HEAD)  # who may be tied to a division to teach it


class Degree(models.TextChoices):
    """The first degree is the primary school, the second begins with the collège."""

    FIRST = "first", _("Premier degré (écoles)")
    SECOND = "second", _("Second degré (collèges et lycées)")

    @classmethod
    def of(cls, level: str) -> Degree:
        """Return the degree of a level of MCM."""
        return cls.FIRST if level == Level.ECOLE else cls.SECOND


class Mode(models.TextChoices):
    """How pupils come in (SCREENS B3)."""

    LINK = "link", _("Par lien : un élève n’a pas besoin de compte")
    ACCOUNT = "account", _("Par compte : seulement les personnes identifiées")


class Parents(models.TextChoices):
    """Whether parents come in."""

    REFUSED = "refused", _("N’entrent pas")
    ALLOWED = "allowed", _("Entrent comme leur enfant")
    WAITING = "waiting", _("Attendent toujours à la porte")


class VirtualClassQuerySet(models.QuerySet["VirtualClass"]):
    """Classes, and whose they are."""

    def alive(self) -> VirtualClassQuerySet:
        """Keep those of the school year that runs which nobody closed."""
        return self.filter(closed_at=None, school_year=SchoolYear.current().year)

    def run_by(self, user: User) -> VirtualClassQuerySet:
        """Return the classes that somebody may run: their own, and those of the divisions they teach (B2).

        A division's teachers are those whom the school declares, asked anew at each page: who made its class
        and teaches it no more sees none of its pupils. So it is with a class that was made for a school. Of
        a teacher of several schools each school is asked for its own classes.
        """
        own = VirtualClass.objects.filter(teacher=user, division=None)
        if user.staff_member_id is None:
            return self.filter(pk__in=own.filter(school=None).values("pk"))
        posts = user.posts().order_by().filter(role__in=TEACHING)
        own = own.filter(Q(school=None) | Q(school__in=posts.values("school")))
        taught = StaffDivision.objects.filter(member__in=posts.values("pk"))
        shared = VirtualClass.objects.filter(division__in=taught.values("division"))
        return self.filter(pk__in=own.values("pk").union(shared.values("pk")))  # each by its own index

    def attended_by(self, user: User) -> VirtualClassQuerySet:
        """Return the classes in which somebody is expected: of their division, or invited."""
        return self.filter(pk__in=self._keys_of(user))

    def _keys_of(self, user: User) -> Any:
        members = Membership.objects
        found: list[Any] = [
            members.filter(user=user).values_list("virtual_class", flat=True),
            members.filter(name__in=user.sign_in_names.filter(authority="mcm").values("name")).values_list(
                "virtual_class", flat=True
            ),
            members.filter(
                address__in=EmailAddress.objects.filter(user=user, verified=True).values("email")
            ).values_list("virtual_class", flat=True),
        ]
        if user.student_id is not None:
            found += [
                members.filter(student=user.student_id).values_list("virtual_class", flat=True),
                VirtualClass.objects.filter(
                    division__in=DivisionPupil.objects.filter(
                        schooling__in=Schooling.objects.with_access().filter(student=user.student_id)
                    ).values("division")
                ).values_list("pk", flat=True),
            ]
        first, *others = found
        return first.union(*others)

    def of_children_of(self, user: User) -> VirtualClassQuerySet:
        """Return the classes of somebody's children, where parents may come to the door."""
        children = Guardianship.objects.in_force().filter(user=user).values("tie__student")
        divisions = DivisionPupil.objects.filter(
            schooling__in=Schooling.objects.with_access().filter(student__in=children)
        ).values("division")
        invited = Membership.objects.filter(student__in=children).values("virtual_class")
        return self.exclude(parents=Parents.REFUSED).filter(Q(division__in=divisions) | Q(pk__in=invited))


class VirtualClass(models.Model):
    """A class of one teacher, or of one division whose teachers all hold sessions in it (SCREENS B2).

    Its link is made when it is shown (:mod:`accounts.links`): what is kept opens nothing. Changing
    ``link_secret`` closes the old link at that moment. Nothing of a class is ever recorded.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    submission = models.UUIDField(unique=True, default=uuid.uuid4)  # of the form: sent twice, it is one class
    title = models.CharField(_("nom de la classe"), max_length=100)
    teacher = models.ForeignKey(User, on_delete=models.CASCADE, related_name="virtual_classes")
    division = models.ForeignKey(
        Division, on_delete=models.CASCADE, null=True, related_name="virtual_classes"
    )
    academy = models.ForeignKey(Academy, on_delete=models.PROTECT, related_name="+")
    school = models.ForeignKey(School, on_delete=models.SET_NULL, null=True, related_name="+")
    degree = models.CharField(_("degré"), max_length=6, choices=Degree)
    school_year = models.PositiveSmallIntegerField(_("année scolaire"))
    mode = models.CharField(_("entrée"), max_length=7, choices=Mode)
    has_lobby = models.BooleanField(_("tout le monde attend à la porte"), default=True)
    parents = models.CharField(_("parents"), max_length=7, choices=Parents, default=Parents.WAITING)
    provider = models.CharField(_("salle"), max_length=40)
    pasted_link = models.CharField(_("lien de la salle"), max_length=500, blank=True)
    capacity = models.PositiveSmallIntegerField(
        _("places"), default=USUAL_SEATS, validators=[MinValueValidator(1), MaxValueValidator(MOST_SEATS)]
    )
    opens_before = models.PositiveSmallIntegerField(
        _("minutes avant l’heure"), default=10, validators=[MaxValueValidator(LONGEST_BEFORE)]
    )
    link_secret = models.CharField(max_length=32, default=random_secret)
    created_at = models.DateTimeField(db_default=Now(), editable=False)
    closed_at = models.DateTimeField(null=True)

    objects = VirtualClassQuerySet.as_manager()

    class Meta:
        verbose_name = _("classe virtuelle")
        verbose_name_plural = _("classes virtuelles")
        constraints = [
            models.CheckConstraint(condition=Q(mode__in=Mode.values), name="class_mode"),
            models.CheckConstraint(condition=Q(parents__in=Parents.values), name="class_parents"),
            models.CheckConstraint(condition=Q(degree__in=Degree.values), name="class_degree"),
            models.CheckConstraint(condition=~Q(title=""), name="class_has_a_title"),
            models.CheckConstraint(
                condition=Q(capacity__gte=1, capacity__lte=MOST_SEATS), name="class_seats"
            ),
            models.CheckConstraint(condition=Q(opens_before__lte=LONGEST_BEFORE), name="class_opens_before"),
        ]

    def __str__(self) -> str:
        return self.title

    @property
    def subject(self) -> str:
        """What the journal calls it."""
        return f"class:{self.public_id}"

    @property
    def is_alive(self) -> bool:
        """Whether it still opens."""
        return self.closed_at is None and self.school_year == SchoolYear.current().year


class Membership(models.Model):
    """Somebody is expected in a class: a pupil of the school's record, an account, a name or an address.

    Of a name and an address nothing tells the teacher whether somebody has them (SAFETY T4, G1).
    """

    virtual_class = models.ForeignKey(
        VirtualClass, on_delete=models.CASCADE, related_name="memberships", db_index=False
    )
    student = models.ForeignKey(Student, on_delete=models.CASCADE, null=True, related_name="+")
    user = models.ForeignKey(User, on_delete=models.CASCADE, null=True, related_name="class_memberships")
    name = models.CharField(max_length=64, blank=True)  # a user name of MCM, as the teacher typed it
    address = models.CharField(max_length=254, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["name"], condition=~Q(name=""), name="membership_name"),
            models.Index(fields=["address"], condition=~Q(address=""), name="membership_address"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["virtual_class", "student", "user", "name", "address"],
                nulls_distinct=False,
                name="one_membership",
            ),
            models.CheckConstraint(
                condition=Q(student__isnull=False, user=None, name="", address="")
                | Q(student=None, user__isnull=False, name="", address="")
                | Q(student=None, user=None, address="") & ~Q(name="")
                | Q(student=None, user=None, name="") & ~Q(address=""),
                name="membership_of_one",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.virtual_class_id}: {self.pk}"


class ClassRulesQuerySet(models.QuerySet["ClassRules"]):
    """Rules, by who may see them."""

    def open_to(self, scope: Scope) -> ClassRulesQuerySet:
        """Return the rules of the académies of a scope, and of its schools (SAFETY T50)."""
        return scope.limit(self, "academy__code", "school__uai")


class ClassRules(models.Model):
    """What the teachers of an académie, or within it of one school, may choose (SCREENS B3)."""

    academy = models.ForeignKey(
        Academy, verbose_name=_("académie"), on_delete=models.CASCADE, related_name="class_rules"
    )
    school = models.ForeignKey(
        School,
        verbose_name=_("établissement"),
        on_delete=models.CASCADE,
        null=True,
        related_name="class_rules",
    )
    degree = models.CharField(_("degré"), max_length=6, choices=Degree)
    by_link = models.BooleanField(_("par lien"))
    by_account = models.BooleanField(_("par compte"))
    of_a_teacher = models.BooleanField(_("classe d’un enseignant"), default=True)
    of_a_division = models.BooleanField(_("classe d’une division"), default=True)

    objects = ClassRulesQuerySet.as_manager()

    class Meta:
        verbose_name = _("règle des classes virtuelles")
        verbose_name_plural = _("règles des classes virtuelles")
        constraints = [
            models.UniqueConstraint(
                fields=["academy", "school", "degree"], nulls_distinct=False, name="one_rule_per_place"
            ),
            models.CheckConstraint(condition=Q(degree__in=Degree.values), name="rules_degree"),
            models.CheckConstraint(
                condition=Q(by_link=True) | Q(by_account=True), name="rules_leave_a_way_in"
            ),
            models.CheckConstraint(
                condition=Q(of_a_teacher=True) | Q(of_a_division=True), name="rules_leave_a_class"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.school or self.academy} — {self.get_degree_display()}"
