"""One process that prepares the database at each start (loading Django once, not four times).

python -m mcm_portal.embedded.prepare ACCOUNTS_FILE
"""

from __future__ import annotations

import sys
from pathlib import Path

import django
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command


def main(accounts: Path) -> None:
    """Migrate, load the reference data, and with DEBUG make the demonstration and list its accounts.

    All of it may be done again at each start. Without DEBUG no demonstration: its passwords are public.
    """
    try:
        django.setup()
    except ImproperlyConfigured as error:
        sys.exit(str(error))
    # By the owner, where DATABASE_OWNER_URL names one; the database is checked first.
    call_command("migrate", interactive=False, skip_checks=False)
    call_command("load_reference_data")
    call_command("load_policies")
    call_command("load_entrances")
    if settings.DEBUG:
        call_command("demo")
        with accounts.open("w") as out:
            call_command("demo", "--list", stdout=out)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
