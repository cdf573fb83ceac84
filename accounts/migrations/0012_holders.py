"""Each holder of a child's account has a link of their own; an account stays one that guardians may hold."""

import django.db.models.deletion
from django.db import migrations, models

# Until today whoever is a school's pupil had their account from a guardian. Whose custody has ended is 18.
MARK = """
UPDATE accounts_user SET held_by_guardians = true
 WHERE student_id IS NOT NULL
   AND (EXISTS (SELECT FROM accounts_custody c WHERE c.child_id = accounts_user.id AND c.until IS NULL)
        OR NOT EXISTS (SELECT FROM accounts_custody c WHERE c.child_id = accounts_user.id))
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0011_local_admins")]

    operations = [
        migrations.AddField(
            model_name="user",
            name="held_by_guardians",
            field=models.BooleanField(db_default=False, default=False),
        ),
        migrations.AddIndex(
            model_name="user",
            index=models.Index(
                condition=models.Q(("held_by_guardians", True)), fields=["student"], name="user_held"
            ),
        ),
        migrations.AddField(
            model_name="recoveryrequest",
            name="custody",
            field=models.ForeignKey(
                null=True,
                on_delete=django.db.models.deletion.CASCADE,
                related_name="+",
                to="accounts.custody",
            ),
        ),
        migrations.RunSQL(MARK, migrations.RunSQL.noop),
    ]
