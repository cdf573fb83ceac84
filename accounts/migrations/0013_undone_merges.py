"""What has been closed since a merge stays closed when it is undone."""

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
    ]
