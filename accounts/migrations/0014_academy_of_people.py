"""Somebody's académie stands with their name, so that one index finds who is called so in an académie.

It is that of their latest school year, and the database keeps it so: an enrolment may be made, moved to
another account by a merge and back by its undo, or erased, and none of these has to think of it.
"""

import django.contrib.postgres.indexes
import django.contrib.postgres.search
import django.db.models.deletion
from django.db import migrations, models

from schools.search_key import as_array

# The account is locked first: of two enrolments at the same moment, the second sees the first. One account
# at a time, each by its key, and never by a scan: PostgreSQL keeps the plans, also those that it made while
# the tables were empty.
KEEP = """
CREATE FUNCTION accounts_keep_academy() RETURNS trigger LANGUAGE plpgsql SET enable_seqscan = off AS $$
DECLARE
    person bigint;
    known bigint;
    latest bigint;
BEGIN
    FOR person IN SELECT DISTINCT id FROM unnest(ARRAY[OLD.user_id, NEW.user_id]) AS id ORDER BY id LOOP
        SELECT academy_id INTO known FROM accounts_user WHERE id = person FOR NO KEY UPDATE;
        SELECT academy_id INTO latest FROM accounts_enrolment WHERE user_id = person
         ORDER BY school_year DESC, id DESC LIMIT 1;
        IF latest IS DISTINCT FROM known THEN
            UPDATE accounts_user SET academy_id = latest WHERE id = person;
        END IF;
    END LOOP;
    RETURN NULL;
END
$$;
CREATE TRIGGER accounts_enrolment_academy
    AFTER INSERT OR DELETE OR UPDATE OF user_id, academy_id, school_year ON accounts_enrolment
    FOR EACH ROW EXECUTE FUNCTION accounts_keep_academy();
"""
LET_GO = """
DROP TRIGGER accounts_enrolment_academy ON accounts_enrolment;
DROP FUNCTION accounts_keep_academy();
"""
# The rows are checked at once: no index is made while a check waits for the end.
FILL = """
UPDATE accounts_user SET academy_id = latest.academy_id
  FROM (SELECT DISTINCT ON (user_id) user_id, academy_id FROM accounts_enrolment
         ORDER BY user_id, school_year DESC, id DESC) latest
 WHERE accounts_user.id = latest.user_id AND latest.academy_id IS NOT NULL;
SET CONSTRAINTS ALL IMMEDIATE;
"""


class Migration(migrations.Migration):
    dependencies = [("accounts", "0013_ways_closed")]

    operations = [
        migrations.RemoveIndex(model_name="user", name="user_search"),
        migrations.RemoveIndex(model_name="enrolment", name="enrolment_of_an_academy"),
        migrations.AddField(
            model_name="user",
            name="academy",
            field=models.ForeignKey(
                db_index=False,
                editable=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="+",
                to="schools.academy",
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.RunSQL(KEEP, LET_GO),
        migrations.AddIndex(
            model_name="user",
            index=django.contrib.postgres.indexes.GinIndex(
                as_array("academy"),
                django.contrib.postgres.search.SearchVector("search_key", config="simple"),
                name="user_search",
            ),
        ),
    ]
