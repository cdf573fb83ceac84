"""More texts (legal notice, accessibility, cookies), and a published text that never changes.

From the day it comes into force a text stays as it was accepted, whoever asks: the application, the
administration, or somebody at the database. Before that day it may be taken back into a draft.
TRUNCATE stays possible, since it is how a test database is emptied.
"""

import django.core.validators
from django.db import migrations, models

FREEZE = """
CREATE FUNCTION accounts_policy_refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.published_at IS NULL THEN
        RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.published_at IS NULL
            AND OLD.in_force_from > (now() AT TIME ZONE 'Europe/Paris')::date THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'a published text does not change: % refused', TG_OP
        USING ERRCODE = 'insufficient_privilege';
END
$$;
CREATE TRIGGER accounts_policy_published BEFORE UPDATE OR DELETE ON accounts_policydocument
    FOR EACH ROW EXECUTE FUNCTION accounts_policy_refuse_change();
"""
THAW = """
DROP TRIGGER accounts_policy_published ON accounts_policydocument;
DROP FUNCTION accounts_policy_refuse_change();
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0002_administration'),
    ]

    operations = [
        migrations.AlterField(
            model_name='policydocument',
            name='kind',
            field=models.CharField(choices=[('terms', 'Conditions d’utilisation'), ('data_protection', 'Protection des données personnelles'), ('charter_pupils', 'Charte des élèves'), ('charter_guardians', 'Charte des responsables légaux'), ('charter_staff', 'Charte des personnels'), ('legal_notice', 'Mentions légales'), ('accessibility', 'Accessibilité'), ('cookies', 'Cookies')], max_length=20, verbose_name='texte'),
        ),
        migrations.AlterField(
            model_name='policydocument',
            name='version',
            field=models.CharField(max_length=20, validators=[django.core.validators.RegexValidator('^[0-9A-Za-z][0-9A-Za-z.-]*$', 'Des chiffres, des lettres, des points et des tirets : « 2026-2 », par exemple.')], verbose_name='version'),
        ),
        migrations.AddConstraint(
            model_name='policydocument',
            constraint=models.UniqueConstraint(condition=models.Q(('published_at__isnull', False)), fields=('kind', 'language', 'in_force_from'), name='one_version_begins_a_day', violation_error_message='Une autre version de ce texte commence ce jour-là.'),
        ),
        migrations.AddConstraint(
            model_name='policydocument',
            constraint=models.CheckConstraint(condition=models.Q(('version__regex', '^[0-9A-Za-z][0-9A-Za-z.-]*$')), name='policy_version_in_addresses'),
        ),
        migrations.RunSQL(FREEZE, THAW),
    ]
