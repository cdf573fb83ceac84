"""What heads hand on to members of their staff, and the reset of a whole school (SAFETY G16)."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import uuid
from django.conf import settings
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0010_merging'),
        ('schools', '0006_staff_phones'),
    ]

    operations = [
        migrations.CreateModel(
            name='LocalAdmin',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('area', models.CharField(choices=[('letters', 'Lettres de première connexion'), ('families', 'Élèves et demandes des familles')], max_length=10, verbose_name='domaine')),
                ('given_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='donné le')),
                ('ended_at', models.DateTimeField(null=True, verbose_name='terminé le')),
                ('given_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('member', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='local_admin_rights', to='schools.staffmember', verbose_name='membre du personnel')),
            ],
            options={
                'verbose_name': 'administrateur local',
                'verbose_name_plural': 'administrateurs locaux',
                'indexes': [models.Index(condition=models.Q(('ended_at', None), _negated=True), fields=['ended_at'], name='local_admin_ended')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('ended_at', None)), fields=('member', 'area'), name='one_area_once_for_a_member'), models.CheckConstraint(condition=models.Q(('area__in', ['letters', 'families'])), name='local_admin_area'), models.CheckConstraint(condition=models.Q(('ended_at', None), ('ended_at__gte', models.F('given_at')), _connector='OR'), name='local_admin_ends')],
            },
        ),
        migrations.CreateModel(
            name='SchoolReset',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('submission', models.UUIDField(unique=True)),
                ('crowds', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(max_length=20), size=None)),
                ('asker', models.CharField(max_length=80)),
                ('reason', models.CharField(max_length=500, verbose_name='motif')),
                ('asked_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False, verbose_name='demandée le')),
                ('finished_at', models.DateTimeField(null=True, verbose_name='terminée le')),
                ('expected', models.PositiveIntegerField(default=0)),
                ('reached', models.BigIntegerField(default=0)),
                ('closed', models.PositiveIntegerField(default=0)),
                ('told', models.PositiveIntegerField(default=0)),
                ('held_until', models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ('asked_by', models.ForeignKey(null=True, on_delete=django.db.models.deletion.SET_NULL, related_name='+', to=settings.AUTH_USER_MODEL)),
                ('school', models.ForeignKey(db_index=False, on_delete=django.db.models.deletion.CASCADE, related_name='+', to='schools.school', verbose_name='établissement')),
            ],
            options={
                'verbose_name': 'remise à zéro des accès',
                'verbose_name_plural': 'remises à zéro des accès',
                'indexes': [models.Index(fields=['school', '-id'], name='reset_of_a_school'), models.Index(condition=models.Q(('finished_at', None)), fields=['held_until'], name='reset_at_work')],
                'constraints': [models.UniqueConstraint(condition=models.Q(('finished_at', None)), fields=('school',), name='one_reset_at_a_time'), models.CheckConstraint(condition=models.Q(('told__lte', models.F('closed'))), name='reset_told_of_closed'), models.CheckConstraint(condition=models.Q(('reason', ''), _negated=True), name='reset_has_a_reason')],
            },
        ),
    ]
