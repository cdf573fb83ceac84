"""People: who they are, the names they sign in with, their sign-ups and their school years."""

from ..areas import Area
from ..powers import Power, Role
from .custody import Custody, CustodyQuerySet, Notice
from .local_admins import LocalAdmin, LocalAdminQuerySet
from .people import MCM, AgeGroup, Level, Profile, SignInName, User, UserManager, opaque_username
from .policies import PolicyAcceptance, PolicyDocument, PolicyDocumentQuerySet, terms_in_force
from .school_resets import SchoolReset, SchoolResetQuerySet
from .sign_ups import (
    Enrolment,
    EnrolmentQuerySet,
    Place,
    Registration,
    RegistrationQuerySet,
    random_secret,
)
from .staff import StaffRole
from .ways_in import AddressChange, OpenSession, RecoveryRequest

__all__ = [
    "MCM",
    "AddressChange",
    "AgeGroup",
    "Area",
    "Custody",
    "CustodyQuerySet",
    "Enrolment",
    "EnrolmentQuerySet",
    "Level",
    "LocalAdmin",
    "LocalAdminQuerySet",
    "Notice",
    "OpenSession",
    "Place",
    "PolicyAcceptance",
    "PolicyDocument",
    "PolicyDocumentQuerySet",
    "Power",
    "Profile",
    "RecoveryRequest",
    "Registration",
    "RegistrationQuerySet",
    "Role",
    "SchoolReset",
    "SchoolResetQuerySet",
    "SignInName",
    "StaffRole",
    "User",
    "UserManager",
    "opaque_username",
    "random_secret",
    "terms_in_force",
]
