"""Letters asked for before somebody's rights at a school grew open nothing any more."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("schools", "0006_staff_phones")]

    operations = [
        migrations.AddField(
            model_name="staffmember",
            name="letters_since",
            field=models.DateTimeField(editable=False, null=True),
        ),
    ]
