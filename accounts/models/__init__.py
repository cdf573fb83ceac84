"""People: who they are, the names they sign in with, their sign-ups and their school years."""

from ..powers import Power, Role
from .custody import Custody, CustodyQuerySet, Notice
from .first_sign_in import ContactPreferences, FirstSignIn, OtherPost, SmsNumber
from .people import (
    MCM,
    PUPILS,
    AgeGroup,
    Level,
    Profile,
    SignInName,
    User,
    UserManager,
    is_staff_door,
    opaque_username,
    staff_door,
)
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
    "PUPILS",
    "AddressChange",
    "AgeGroup",
    "ContactPreferences",
    "Custody",
    "CustodyQuerySet",
    "Enrolment",
    "EnrolmentQuerySet",
    "FirstSignIn",
    "Level",
    "Notice",
    "OpenSession",
    "OtherPost",
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
    "SmsNumber",
    "StaffRole",
    "User",
    "UserManager",
    "is_staff_door",
    "opaque_username",
    "random_secret",
    "staff_door",
    "terms_in_force",
]
