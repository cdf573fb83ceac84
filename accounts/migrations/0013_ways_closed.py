"""What was closed since a merge stays closed; an identity of a provider is taken off by an id of its own."""

import uuid

from django.contrib.postgres.functions import RandomUUID
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("accounts", "0012_holders")]

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
        # PostgreSQL draws one for each row that is there already.
        migrations.AddField(
            model_name="provideridentity",
            name="public_id",
            field=models.UUIDField(db_default=RandomUUID(), default=uuid.uuid4, editable=False, unique=True),
        ),
    ]
