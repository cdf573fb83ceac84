"""Seals over the journal, a date that only the database gives, and a purge that nobody can hasten.

``audit_purge()`` runs with the owner's rights (SECURITY DEFINER) for a role that may delete nothing itself.
What it deletes does not hang on what that role could have written: a line's date is the database's own, since
``audit_date_line`` replaces any other unless the owner writes. docs/adr/0007.
"""

from django.db import migrations, models

CREATE = """
CREATE OR REPLACE FUNCTION audit_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('audit.allow_change', true) = 'on' THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER audit_seal_append_only BEFORE UPDATE OR DELETE ON audit_seal
    FOR EACH ROW EXECUTE FUNCTION audit_refuse_change();

CREATE FUNCTION audit_date_line() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT pg_has_role(current_user, (SELECT relowner FROM pg_class WHERE oid = TG_RELID), 'USAGE') THEN
        NEW.at := statement_timestamp();
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER audit_record_date BEFORE INSERT ON audit_record
    FOR EACH ROW EXECUTE FUNCTION audit_date_line();

CREATE FUNCTION audit_purge() RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER
    SET search_path = public, pg_temp AS $$
DECLARE
    over CONSTANT timestamptz := statement_timestamp() - interval '12 months';
    oldest bigint;
    covering public.audit_seal;
    gone bigint;
BEGIN
    SELECT min(id) INTO oldest FROM public.audit_record;
    SELECT * INTO covering FROM public.audit_seal WHERE last_id >= oldest ORDER BY last_id LIMIT 1;
    IF NOT FOUND OR covering.sealed_at >= over OR covering.first_id > oldest OR EXISTS (
        SELECT FROM public.audit_record
         WHERE id BETWEEN covering.first_id AND covering.last_id AND at >= over
    ) THEN
        RETURN 0;
    END IF;
    PERFORM set_config('audit.allow_change', 'on', true);
    DELETE FROM public.audit_record WHERE id BETWEEN covering.first_id AND covering.last_id;
    GET DIAGNOSTICS gone = ROW_COUNT;
    PERFORM set_config('audit.allow_change', '', true);
    RETURN gone;
END
$$;
REVOKE ALL ON FUNCTION audit_purge() FROM PUBLIC;
"""
DROP = """
DROP FUNCTION audit_purge();
DROP TRIGGER audit_record_date ON audit_record;
DROP FUNCTION audit_date_line();
DROP TRIGGER audit_seal_append_only ON audit_seal;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0003_who_did_what")]

    operations = [
        migrations.CreateModel(
            name="Seal",
            fields=[
                ("number", models.BigIntegerField(primary_key=True, serialize=False, verbose_name="numéro")),
                ("first_id", models.BigIntegerField(unique=True, verbose_name="de la ligne")),
                ("last_id", models.BigIntegerField(unique=True, verbose_name="à la ligne")),
                ("count", models.IntegerField(verbose_name="lignes")),
                ("sealed_at", models.DateTimeField(verbose_name="scellé le")),
                ("digest", models.CharField(max_length=64, verbose_name="empreinte des lignes")),
                ("previous", models.CharField(blank=True, max_length=64, verbose_name="empreinte du sceau précédent")),
                ("vouches", models.BooleanField(verbose_name="répond du sceau précédent")),
                ("key", models.CharField(max_length=8, verbose_name="clé")),
                ("mac", models.CharField(max_length=64, verbose_name="sceau")),
            ],
            options={
                "verbose_name": "sceau du journal",
                "verbose_name_plural": "sceaux du journal",
                "ordering": ["number"],
                "constraints": [
                    models.CheckConstraint(
                        condition=models.Q(("count__gte", 1), ("last_id__gte", models.F("first_id")), ("number__gte", 1)),
                        name="seal_covers_something",
                    ),
                ],
            },
        ),
        migrations.RunSQL(CREATE, DROP),
    ]
