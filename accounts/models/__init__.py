"""People: who they are, the names they sign in with, their sign-ups and their school years."""

from ..powers import Power, Role
from .custody import Custody, CustodyQuerySet, Notice
from .merging import Merge, MergedRow, MergeQuerySet
from .people import MCM, AgeGroup, Level, Profile, SignInName, User, UserManager, opaque_username
from .policies import PolicyAcceptance, PolicyDocument, PolicyDocumentQuerySet, terms_in_force
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
    "Custody",
    "CustodyQuerySet",
    "Enrolment",
    "EnrolmentQuerySet",
    "Level",
    "Merge",
    "MergeQuerySet",
    "MergedRow",
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
    "SignInName",
    "StaffRole",
    "User",
    "UserManager",
    "opaque_username",
    "random_secret",
    "terms_in_force",
]
