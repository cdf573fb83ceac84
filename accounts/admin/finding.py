"""Looking for somebody: by name without accents, by a name they sign in with, or by their address.

Each way has an index, and a row is never read to be left out (DESIGN section 6).
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts import addresses
from accounts.models import SignInName
from schools.search_key import prefix_query, words_of

HELP = _(
    "Un nom et un prénom (les accents ne comptent pas, le début suffit), un nom d’utilisateur entier, "
    "ou une adresse de courriel entière."
)


def address_typed(typed: str) -> str | None:
    """Return the address in its stored form, if that is what was typed."""
    if "@" not in typed:
        return None
    try:
        return addresses.clean_address(typed)
    except ValidationError:
        return typed.lower()


def named(rows: QuerySet[Any], typed: str, *, owner: str) -> QuerySet[Any]:
    """Keep who is called so or signs in with exactly this name; ``owner`` is whom the name belongs to."""
    # The keys first: a join would keep the index of the words from being used.
    held = SignInName.objects.filter(name=typed.lower(), **{f"{owner}__isnull": False})
    keys = list(held.values_list(owner, flat=True)[:20])
    query = prefix_query(typed)
    if query is None:
        return rows.filter(pk__in=keys)
    return rows.alias(words=words_of("search_key")).filter(Q(words=query) | Q(pk__in=keys))
