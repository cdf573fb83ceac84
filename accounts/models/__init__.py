"""People: who they are, the names they sign in with, their sign-ups and their school years."""

from ..areas import Area
from ..powers import Power, Role
from .custody import Custody, CustodyQuerySet, Notice
from .entrances import Entrance, WayIn
from .first_sign_in import ContactPreferences, FirstSignIn, OtherPost, SmsNumber
from .local_admins import LocalAdmin, LocalAdminQuerySet
from .merging import Merge, MergedRow, MergeQuerySet
from .otp_keys import OtpKey
from .people import (
    MCM,
    PUPILS,
    AgeGroup,
    Level,
    Profile,
    SignInName,
    User,
    UserManager,
    academy_of_door,
    is_staff_door,
    opaque_username,
    staff_door,
)
from .policies import (
    PolicyAcceptance,
    PolicyDocument,
    PolicyDocumentQuerySet,
    terms_in_force,
    texts_now,
    versions_that_do,
)
from .providers import IdentityProvider, ProviderIdentity, ProviderVisit
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
from .waiting_numbers import WaitingNumber
from .ways_in import AddressChange, OpenSession, RecoveryRequest

__all__ = [
    "MCM",
    "PUPILS",
    "AddressChange",
    "AgeGroup",
    "Area",
    "ContactPreferences",
    "Custody",
    "CustodyQuerySet",
    "Enrolment",
    "EnrolmentQuerySet",
    "Entrance",
    "FirstSignIn",
    "IdentityProvider",
    "Level",
    "LocalAdmin",
    "LocalAdminQuerySet",
    "Merge",
    "MergeQuerySet",
    "MergedRow",
    "Notice",
    "OpenSession",
    "OtherPost",
    "OtpKey",
    "Place",
    "PolicyAcceptance",
    "PolicyDocument",
    "PolicyDocumentQuerySet",
    "Power",
    "Profile",
    "ProviderIdentity",
    "ProviderVisit",
    "RecoveryRequest",
    "Registration",
    "RegistrationQuerySet",
    "Role",
    "SchoolReset",
    "SchoolResetQuerySet",
    "SignInName",
    "SmsNumber",
    "StaffRole",
    "User",
    "UserManager",
    "WaitingNumber",
    "WayIn",
    "academy_of_door",
    "is_staff_door",
    "opaque_username",
    "random_secret",
    "staff_door",
    "terms_in_force",
    "texts_now",
    "versions_that_do",
]
