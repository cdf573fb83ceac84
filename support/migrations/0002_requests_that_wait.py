"""What waits is found by an index of its own, however much was answered."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("support", "0001_requests")]

    operations = [
        migrations.AddIndex(
            model_name="supportrequest",
            index=models.Index(
                condition=models.Q(("state", "open")), fields=["academy", "-id"], name="request_waiting"
            ),
        ),
        migrations.AddIndex(
            model_name="supportrequest",
            index=models.Index(
                condition=models.Q(("state", "open")), fields=["-id"], name="request_waiting_anywhere"
            ),
        ),
    ]
