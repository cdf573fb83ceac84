"""The telephones that a school's directory has of its staff (SCREENS C5)."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('schools', '0005_counters'),
    ]

    operations = [
        migrations.AddField(
            model_name='staffmember',
            name='mobile',
            field=models.CharField(blank=True, db_default='', max_length=16, verbose_name='téléphone portable'),
        ),
        migrations.AddField(
            model_name='staffmember',
            name='personal_phone',
            field=models.CharField(blank=True, db_default='', max_length=16, verbose_name='téléphone personnel'),
        ),
        migrations.AddField(
            model_name='staffmember',
            name='professional_phone',
            field=models.CharField(blank=True, db_default='', max_length=16, verbose_name='téléphone professionnel'),
        ),
        migrations.AddField(
            model_name='stagedstaff',
            name='mobile',
            field=models.CharField(max_length=16, null=True),
        ),
        migrations.AddField(
            model_name='stagedstaff',
            name='personal_phone',
            field=models.CharField(max_length=16, null=True),
        ),
        migrations.AddField(
            model_name='stagedstaff',
            name='professional_phone',
            field=models.CharField(max_length=16, null=True),
        ),
        migrations.AddConstraint(
            model_name='staffmember',
            constraint=models.CheckConstraint(condition=models.Q(('mobile__regex', '^(\\+[1-9][0-9]{6,14})?$'), ('personal_phone__regex', '^(\\+[1-9][0-9]{6,14})?$'), ('professional_phone__regex', '^(\\+[1-9][0-9]{6,14})?$')), name='staff_member_phones'),
        ),
    ]
