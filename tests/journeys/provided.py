"""An académie's sign-in is set up, and a school of it declares somebody, in the database of the journeys.

python -m tests.journeys.provided ISSUER CLIENT SECRET UAI IDENTIFIER FIRST_NAME
"""

from __future__ import annotations

import sys

import django


def main(issuer: str, client: str, secret: str, uai: str, identifier: str, first_name: str) -> None:
    """Set the provider up for Lyon as an admin does, and declare a teacher by this identifier."""
    django.setup()
    from accounts.models import IdentityProvider
    from tests.accounts.openid.conftest import KEY, LYON, declared, provider_row

    IdentityProvider.objects.filter(public_id=KEY).delete()
    provider_row(issuer, client, secret)
    declared(uai, LYON, identifier=identifier, first_name=first_name)


if __name__ == "__main__":
    main(*sys.argv[1:])
