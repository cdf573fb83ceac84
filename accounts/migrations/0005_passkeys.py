"""One passkey has one owner.

The table is allauth's, which has no such rule: without it whoever learned the public part of somebody's
passkey could have it added to an account of their own, and the two would not be told apart.
"""

from django.db import migrations

ONE_OWNER = """
CREATE UNIQUE INDEX accounts_passkey_one_owner ON mfa_authenticator ((data->>'credential_id'))
    WHERE type = 'webauthn'
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0004_sessions'),
        ('mfa', '0003_authenticator_type_uniq'),
    ]

    operations = [
        migrations.RunSQL(ONE_OWNER, "DROP INDEX accounts_passkey_one_owner"),
    ]
