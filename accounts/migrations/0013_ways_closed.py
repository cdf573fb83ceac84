"""What was closed since a merge stays closed; an identity of a provider is taken off by an id of its own."""

import uuid

from django.contrib.postgres.functions import RandomUUID
from django.db import migrations, models


# Whoever looks after a part of a school today has a letter from before, or one that a helper may have printed.
MARK = """
UPDATE schools_staffmember SET letters_since = now()
 WHERE id IN (SELECT member_id FROM accounts_localadmin WHERE ended_at IS NULL)
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0012_holders"), ("schools", "0007_letters_since")]

    operations = [
        migrations.AddField(
            model_name="merge",
            name="target_proof",
            field=models.CharField(blank=True, db_default="", default="", max_length=64),
        ),
        migrations.AddField(
            model_name="merge",
            name="is_sealed",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.RunSQL(MARK, migrations.RunSQL.noop),
        # PostgreSQL draws one for each row that is there already.
        migrations.AddField(
            model_name="provideridentity",
            name="public_id",
            field=models.UUIDField(db_default=RandomUUID(), default=uuid.uuid4, editable=False, unique=True),
        ),
    ]
