"""Whose account a school's record is: found by indexes, whichever way it may be tied to the record."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from django.db import connection
from django.db.models import QuerySet
from django.test.utils import CaptureQueriesContext

from accounts import first_sign_in
from accounts.models import FirstSignIn, OtherPost, User
from accounts.openid import people
from guardians import children_accounts
from schools.models import StaffMember, Student
from tests.back_office.plans import assert_no_scan, explained, settle
from tests.guardians.conftest import school

pytestmark = pytest.mark.django_db
ROWS = 20_000
BIG = "accounts_user|accounts_otherpost|accounts_signinname|schools_student|schools_staffmember"


@pytest.fixture
def crowd(portal: None) -> None:
    """Pupils and members of a school's staff, each with an account; one member in ten by another post."""
    with connection.cursor() as cursor:
        cursor.execute(f"""
            INSERT INTO schools_student (public_id, ine, family_name, first_name, usage_name,
                                         other_first_names, birth_date, sex)
            SELECT gen_random_uuid(), '', 'NOM' || n, 'Prénom', '', '', '', ''
              FROM generate_series(1, {ROWS}) n
        """)
        cursor.execute(
            f"""
            INSERT INTO schools_staffmember (public_id, school_id, family_name, first_name, role, identifier,
                                             email, personal_phone, professional_phone, mobile)
            SELECT gen_random_uuid(), %s, 'NOM' || n, 'Prénom', 'teacher', 'ident' || n, '', '', '', ''
              FROM generate_series(1, {ROWS}) n
            """,
            [school().pk],
        )
        cursor.execute("""
            INSERT INTO accounts_user (public_id, username, password, first_name, last_name, language,
                is_active, is_staff, is_superuser, session_epoch, owes_address, student_id, staff_member_id)
            SELECT gen_random_uuid(), name, '!', 'Prénom', 'Nom', 'fr', true, false, false, 0, false, s, m
              FROM (SELECT 'p' || id AS name, id AS s, NULL::bigint AS m FROM schools_student UNION ALL
                    SELECT 'm' || id, NULL, id FROM schools_staffmember WHERE id % 10 <> 0) people
        """)
        settle("schools_staffmember", "accounts_user")  # before they are joined
        cursor.execute("""
            INSERT INTO accounts_otherpost (user_id, staff_member_id)
            SELECT u.id, u.staff_member_id + 1 FROM accounts_user u WHERE u.staff_member_id % 10 = 9
               AND EXISTS (SELECT FROM schools_staffmember WHERE id = u.staff_member_id + 1)
        """)
        cursor.execute("""
            INSERT INTO accounts_signinname (authority, name, user_id)
            SELECT 'mcm', username, id FROM accounts_user
        """)
    settle(*BIG.split("|"))


def assert_by_indexes(ask: Callable[[], object]) -> None:
    """Fail if a statement that is asked reads a big table from end to end."""
    with CaptureQueriesContext(connection) as captured:
        ask()
    assert captured.captured_queries
    # A key walked from its beginning is a scan by another name.
    walked = rf"Index (?:Only )?Scan (?:Backward )?using \w+ on (?:{BIG})\b.*\n(?! +Index Cond)"
    plans = [explained(query["sql"]) for query in captured.captured_queries]
    assert_no_scan(plans, f"({BIG})", sorts=True)
    for plan in plans:
        assert not re.search(walked, plan), plan


def two_of(found: QuerySet[User]) -> Callable[[], list[int]]:
    """Return what asks for the first two keys."""
    return lambda: list(found.order_by("pk").values_list("pk", flat=True)[:2])


def test_the_account_of_a_pupils_record(crowd: None) -> None:
    child, other = Student.objects.order_by("pk")[:2]
    Student.objects.filter(pk=other.pk).update(merged_into=child)
    found = children_accounts._accounts_of([child.pk])
    assert {each.student_id for each in found} == {child.pk, other.pk}
    assert_by_indexes(lambda: children_accounts.account_held(child))
    door = first_sign_in._Door("eleve", "zoe.roux", student=child)
    assert {each.student_id for each in door.owners()} == {child.pk, other.pk}
    assert_by_indexes(two_of(door.owners()))


def test_the_account_of_a_members_record(crowd: None) -> None:
    post = OtherPost.objects.select_related("staff_member", "user")[0]
    first, second = StaffMember.objects.get(pk=post.user.staff_member_id), post.staff_member
    named = User.objects.get(username=f"m{first.pk - 1}")
    for member in (first, second):
        door = first_sign_in._Door("mcm", named.username, member=member)
        assert set(door.owners()) == {post.user, named}
        assert_by_indexes(two_of(door.owners()))
    assert set(people._accounts_of([first, second], "mcm", named.username)) == {post.user, named}
    assert_by_indexes(lambda: people._accounts_of([first, second], "mcm", named.username))


def test_whether_the_rights_of_a_holder_have_grown(crowd: None) -> None:
    post = OtherPost.objects.select_related("staff_member")[0]
    FirstSignIn.objects.create(user=post.user, code_digest="x")
    own = FirstSignIn.objects.filter(user=post.user)
    assert own.good().exists() and not own.outgrown().exists()
    assert_by_indexes(lambda: own.good().first())
    for member in (post.staff_member_id, post.user.staff_member_id):
        StaffMember.objects.update(letters_since=None)
        StaffMember.objects.filter(pk=member).update(letters_since="2126-01-01T00:00:00Z")
        assert own.outgrown().exists() and not own.good().exists()
