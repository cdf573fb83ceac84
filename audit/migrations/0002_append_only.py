"""The journal is append-only, even for the owner of the table.

Its retention (one day: partitions or a purge) has to say so in its own transaction:
``SET LOCAL audit.allow_change = 'on'``. The application's role also loses the right to UPDATE and
DELETE once it is not the owner any more (DATABASE_OWNER_URL). TRUNCATE belongs to the owner only
and stays possible, since it is how a test database is emptied.
"""

from django.db import migrations

CREATE = """
CREATE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('audit.allow_change', true) = 'on' THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    RAISE EXCEPTION 'audit_record is append-only: % refused', TG_OP
        USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER audit_record_append_only BEFORE UPDATE OR DELETE ON audit_record
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();
"""
DROP = """
DROP TRIGGER audit_record_append_only ON audit_record;
DROP FUNCTION audit_refuse_change();
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_journal")]

    operations = [migrations.RunSQL(CREATE, DROP)]
