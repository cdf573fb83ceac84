"""A teacher comes in by the sign-in service of her académie (SCREENS C1, SAFETY T42, T43)."""

from __future__ import annotations

from allauth.account.models import EmailAddress
from django.test import Client
from django.utils import timezone

from accounts.models import FirstSignIn, IdentityProvider, ProviderIdentity, ProviderVisit, SignInName, User
from audit.models import Record
from notifications.models import Message
from schools.models import StaffMember
from tests.accounts.conftest import PASSWORD
from tests.guardians.franceconnect.fake_provider import FakeForgingProvider
from tests.guardians.franceconnect.real_provider import RealProvider

from .conftest import BACK, DOOR, KEY, LYON, Teacher, declared, question, trouble

UNKNOWN = trouble("inconnu")


def test_the_question_asks_for_the_least_and_binds_the_answer(
    academy: RealProvider, teacher: Teacher
) -> None:
    asked = question(teacher.begins())
    assert asked["scope"] == "openid profile" and asked["response_type"] == "code"
    assert asked["code_challenge_method"] == "S256" and len(asked["code_challenge"]) == 43
    assert min(len(asked["state"]), len(asked["nonce"])) >= 43 and asked["state"] != asked["nonce"]
    assert asked["redirect_uri"].endswith(BACK) and "acr_values" not in asked


def test_the_first_time_she_comes_in_as_her_school_declares_her(
    academy: RealProvider, teacher: Teacher, record: StaffMember
) -> None:
    response = teacher.signs_in()
    assert response.status_code == 302 and "souci" not in response["Location"]
    user = teacher.account()
    assert user is not None and user.staff_member == record and user.first_name == "Claire"
    name = SignInName.objects.get(user=user)
    assert (name.authority, name.name) == (f"academie:{LYON}", "cdubois")
    tie = ProviderIdentity.objects.get()
    assert (tie.issuer, tie.sub, tie.user) == (academy.issuer, "claire", user)
    assert Record.objects.filter(act="provider.tied", subject=user.subject).count() == 1
    assert not ProviderVisit.objects.exists()


def test_the_next_time_she_is_known_by_her_identity_and_by_nothing_else(
    academy: RealProvider, teacher: Teacher, record: StaffMember
) -> None:
    teacher.signs_in()
    first = teacher.account()
    StaffMember.objects.update(identifier="autrement")  # corrected by her school since
    other = Teacher()
    other.signs_in()
    assert other.account() == first and User.objects.filter(staff_member=record).count() == 1


def test_an_address_opens_nothing(academy: RealProvider, teacher: Teacher, person) -> None:
    """The provider says the address of somebody who has an account here (T42)."""
    person("sylvie.lambert", address="sylvie.lambert@ac-lyon.fr")
    assert teacher.signs_in()["Location"] == UNKNOWN
    assert teacher.account() is None and not ProviderIdentity.objects.exists()


def test_whom_nobody_declares_reads_whom_to_ask_and_leaves_no_account(
    academy: RealProvider, teacher: Teacher, record: StaffMember
) -> None:
    before = User.objects.count()
    answer = teacher.signs_in("inconnu")
    assert answer["Location"] == UNKNOWN
    page = teacher.browser.get(UNKNOWN).content.decode()
    assert "secrétariat de votre établissement" in page and "guichet" in page
    assert User.objects.count() == before and teacher.account() is None


def test_the_same_identifier_in_another_academie_is_somebody_else(
    academy: RealProvider, teacher: Teacher
) -> None:
    declared("0141396S", "70")
    assert teacher.signs_in()["Location"] == UNKNOWN


def test_who_has_left_her_school_does_not_come_in(
    academy: RealProvider, teacher: Teacher, record: StaffMember
) -> None:
    StaffMember.objects.update(gone_at=timezone.now(), access_until=timezone.now())
    assert teacher.signs_in()["Location"] == UNKNOWN


def test_two_schools_that_declare_her_make_one_account(
    academy: RealProvider, teacher: Teacher, record: StaffMember
) -> None:
    declared("0690002C", LYON)
    teacher.signs_in()
    assert teacher.account() is not None and User.objects.exclude(staff_member=None).count() == 1


def test_the_account_that_another_schools_letter_opened_is_hers_alone_before_it_gives_more(
    academy: RealProvider, teacher: Teacher, record: StaffMember
) -> None:
    """Somebody wrote her name and identifier into a file, and opened the letter themselves (T24, T50)."""
    squatter = User.objects.create_user(
        first_name="Claire", last_name="Dubois", staff_member=record, password=PASSWORD
    )
    SignInName.objects.create(authority=f"academie:{LYON}", name="cdubois", user=squatter)
    FirstSignIn.objects.create(user=squatter, code_digest="0" * 64)
    EmailAddress.objects.create(user=squatter, email="autre@exemple.fr", verified=True, primary=True)
    declared("0690002C", LYON)
    teacher.signs_in()
    user = teacher.account()
    assert user == squatter and user.posts().count() == 2 and user.owes_password
    assert not user.has_usable_password() and not user.address()
    assert Message.objects.filter(to="autre@exemple.fr", kind="accounts.password_changed").exists()
    thief = Client()
    thief.post(f"/personnels/{LYON}/connexion/", {"login": "cdubois", "password": PASSWORD})
    assert "_auth_user_id" not in thief.session


def test_two_people_under_one_identifier_are_nobody(
    academy: RealProvider, teacher: Teacher, record: StaffMember
) -> None:
    declared("0690002C", LYON, first_name="Bruno")
    assert teacher.signs_in()["Location"] == UNKNOWN and teacher.account() is None


def test_who_gets_a_former_colleagues_identifier_does_not_get_her_account(
    academy: RealProvider, teacher: Teacher, record: StaffMember
) -> None:
    owner = User.objects.create_user(first_name="Claire", last_name="Dubois", staff_member=record)
    ProviderIdentity.objects.create(user=owner, issuer=academy.issuer, sub="une-autre")
    assert teacher.signs_in()["Location"] == UNKNOWN and teacher.account() is None


def test_nor_after_the_colleague_has_left_the_school(
    academy: RealProvider, teacher: Teacher, record: StaffMember
) -> None:
    """Her record has no access any more, but her account keeps the name that the identifier is (T42)."""
    teacher.signs_in()
    owner = teacher.account()
    assert owner is not None
    StaffMember.objects.update(gone_at=timezone.now(), access_until=timezone.now())
    ProviderIdentity.objects.update(sub="celle-qui-est-partie")
    declared("0690002C", LYON, first_name="Cécile")
    newcomer = Teacher()
    assert newcomer.signs_in()["Location"] == UNKNOWN and newcomer.account() is None
    ProviderIdentity.objects.all().delete()  # whom no identity is known of is told apart by the name
    newcomer = Teacher()
    assert newcomer.signs_in()["Location"] == UNKNOWN and newcomer.account() is None
    StaffMember.objects.filter(gone_at=None).update(first_name="Claire")  # the same person, at another school
    again = Teacher()
    again.signs_in()
    assert again.account() == owner


def test_a_suspended_account_stays_closed(
    academy: RealProvider, teacher: Teacher, record: StaffMember
) -> None:
    teacher.signs_in()
    User.objects.filter(staff_member=record).update(is_active=False)
    again = Teacher()
    assert again.signs_in()["Location"] == UNKNOWN and again.account() is None


def test_who_gives_up_over_there_is_told_that_it_is_their_choice(
    academy: RealProvider, teacher: Teacher
) -> None:
    answer = teacher.signs_in("")
    assert answer["Location"] == trouble("refus")
    assert "votre choix" in teacher.browser.get(answer["Location"]).content.decode()


def test_a_provider_that_is_off_is_not_there(academy: RealProvider, teacher: Teacher) -> None:
    IdentityProvider.objects.update(is_on=False)
    for address in (DOOR, BACK, UNKNOWN):
        assert teacher.browser.get(address).status_code == 404


def test_the_answer_of_one_provider_is_not_heard_at_anothers_address(
    academy: RealProvider, teacher: Teacher, record: StaffMember
) -> None:
    address = teacher.there.signs_in(teacher.begins(), "claire")
    other = IdentityProvider.objects.get()
    other.pk, other.public_id, other.name = None, "6f0c7a52-6e0f-4b7e-9a38-6b6f2c6a1d10", "Un autre"
    other.issuer = "https://exemple.fr"
    other.save()
    answer = teacher.comes_back(address.replace(str(KEY), str(other.public_id)))
    assert answer["Location"].endswith("/souci/trop-tard/") and teacher.account() is None


def test_an_answer_carried_to_another_browser_changes_nothing(
    academy: RealProvider, teacher: Teacher, record: StaffMember
) -> None:
    address = teacher.there.signs_in(teacher.begins(), "claire")
    victim = Teacher()
    assert victim.comes_back(address)["Location"] == trouble("autre-navigateur")
    assert victim.account() is None
    teacher.comes_back(address)
    assert teacher.account() is not None


def test_an_answer_reloaded_leads_on_and_is_not_looked_at_again(
    academy: RealProvider, teacher: Teacher, record: StaffMember
) -> None:
    address = teacher.there.signs_in(teacher.begins(), "claire")
    teacher.comes_back(address)
    again = teacher.comes_back(address)
    assert again.status_code == 302 and User.objects.exclude(staff_member=None).count() == 1


class TestSigningOut:
    def test_here_ends_the_session_there_too(
        self, academy: RealProvider, teacher: Teacher, record: StaffMember
    ) -> None:
        teacher.signs_in()
        answer = teacher.browser.post("/deconnexion/")
        where = answer["Refresh"].removeprefix("0;url=")
        assert where.startswith(f"{academy.issuer}/session/end") and question(where)["id_token_hint"]
        assert "id_token_hint" in answer.content.decode()  # a link, where the browser does not go by itself
        assert teacher.account() is None
        assert teacher.there.signs_out(where).startswith(question(where)["post_logout_redirect_uri"])
        page = teacher.browser.get("/fournisseurs/au-revoir/").content.decode()
        assert "Vous êtes déconnecté" in page
        # The next person at this computer is asked who they are.
        assert "Annuler" in teacher.there.reads(Teacher().begins())

    def test_with_the_provider_away_the_session_here_ends_all_the_same(
        self, forger: FakeForgingProvider, teacher: Teacher, record: StaffMember, forget_addresses
    ) -> None:
        forger.question = question(teacher.begins())
        teacher.browser.get(BACK, {"code": "un-code", "state": forger.question["state"]})
        assert teacher.account() is not None
        forger.stop()
        forget_addresses()
        answer = teacher.browser.post("/deconnexion/")
        assert "Refresh" not in answer.headers
        assert "fermez toutes les fenêtres" in answer.content.decode()
        assert teacher.account() is None

    def test_nothing_of_the_token_is_to_be_read_in_the_session_or_the_cookie(
        self, academy: RealProvider, teacher: Teacher, record: StaffMember
    ) -> None:
        teacher.signs_in()
        kept = dict(teacher.browser.session)["accounts.provider"]
        cookie = teacher.browser.cookies["provider"].value
        where = teacher.browser.post("/deconnexion/")["Refresh"].removeprefix("0;url=")
        token = question(where)["id_token_hint"]
        assert token not in kept and token not in cookie

    def test_who_came_by_a_password_is_led_home(self, academy: RealProvider, person) -> None:
        browser = Client()
        browser.force_login(person())
        assert browser.post("/deconnexion/")["Location"] == "/"
