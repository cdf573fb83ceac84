"""Children brought to another account take FranceConnect with them, and back."""

import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("guardians", "0006_pairing_codes")]

    operations = [
        migrations.AddField(
            model_name="childrenmove",
            name="franceconnect",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.BigIntegerField(), default=list, size=None
            ),
        ),
    ]
