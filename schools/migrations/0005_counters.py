"""The counter of an académie: whom its staff call when they have lost their identifier."""

from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('schools', '0004_letters'),
    ]

    operations = [
        migrations.AddField(
            model_name='academy',
            name='counter_hours',
            field=models.CharField(blank=True, db_default='', default='', max_length=120, verbose_name='horaires du guichet'),
        ),
        migrations.AddField(
            model_name='academy',
            name='counter_phone',
            field=models.CharField(blank=True, db_default='', default='', max_length=20, verbose_name='téléphone du guichet'),
        ),
    ]
