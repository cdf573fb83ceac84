"""Staged rows that cost less to write, and no index beside one that begins with the same column.

PostgreSQL makes a stored generated column anew at every update of a row, whatever was changed: two thirds of
the time in which an import said what becomes of each row. A trigger makes the key once, when the row comes in.
What is staged needs no journal (UNLOGGED): after a crash it is empty, and an import that waited for its
decision says that the file is to be handed over again. Room is left on its pages for the one update that
each row sees.
"""

import django.db.models.deletion
from django.db import migrations, models

STAGED = ("division", "pupil", "contact", "tie", "staff")
NAMED = ("pupil", "contact", "staff")

# The expression of schools.search_key.IdentityKey: a test compares them.
CREATE = r"""
CREATE FUNCTION schools_identity_of_staged() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    NEW.identity_key := trim(regexp_replace(replace(replace(replace(lower(regexp_replace(
        normalize(NEW.family_name || ' ' || NEW.first_name, NFKD), '[\u0300-\u036f]', '', 'g')),
        'œ', 'oe'), 'æ', 'ae'), '’', ''''), '[^[:alnum:]]+', ' ', 'g'));
    RETURN NEW;
END
$$;
"""


def _statements() -> list[migrations.RunSQL]:
    made = [migrations.RunSQL(CREATE, "DROP FUNCTION schools_identity_of_staged()")]
    made += [
        migrations.RunSQL(
            f"CREATE TRIGGER staged_{name}_identity BEFORE INSERT ON schools_staged{name} "
            "FOR EACH ROW EXECUTE FUNCTION schools_identity_of_staged()",
            f"DROP TRIGGER staged_{name}_identity ON schools_staged{name}",
        )
        for name in NAMED
    ]
    made += [
        migrations.RunSQL(
            f"ALTER TABLE schools_staged{name} SET UNLOGGED, SET (fillfactor = 50)",
            f"ALTER TABLE schools_staged{name} SET LOGGED, RESET (fillfactor)",
        )
        for name in STAGED
    ]
    return made


def _without_index(model: str, name: str, to: str, **given: str) -> migrations.AlterField:
    return migrations.AlterField(
        model,
        name,
        models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, to=to, **given),
    )


class Migration(migrations.Migration):
    dependencies = [("schools", "0002_schools_and_rosters")]

    operations = [
        _without_index("division", "school", "schools.school", related_name="divisions"),
        _without_index("divisionpupil", "schooling", "schools.schooling"),
        _without_index("guardiancontact", "school", "schools.school", related_name="contacts"),
        _without_index("guardiantie", "contact", "schools.guardiancontact", related_name="ties"),
        _without_index("schooling", "school", "schools.school", related_name="schoolings"),
        *(migrations.RemoveField(f"staged{name}", "identity_key") for name in NAMED),
        *(
            migrations.AddField(
                f"staged{name}",
                "identity_key",
                models.CharField(db_default="", editable=False, max_length=420),
            )
            for name in NAMED
        ),
        *_statements(),
        migrations.AddField(
            "rosterfile", "digest", models.CharField(blank=True, editable=False, max_length=64)
        ),
        migrations.AddField(
            "rosterimport", "digest", models.CharField(blank=True, editable=False, max_length=64)
        ),
        migrations.AddField(
            "rosterimport", "rows_digest", models.CharField(blank=True, editable=False, max_length=64)
        ),
        migrations.AddField(
            "rosterimport", "unchanged_since", models.DateTimeField(editable=False, null=True)
        ),
    ]
