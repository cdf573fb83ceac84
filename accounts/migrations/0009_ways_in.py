"""Ways into the ENT that an admin edits, identity providers, and keys of codes with a PIN."""

import django.core.validators
import django.db.models.deletion
import django.db.models.functions.datetime
import uuid
from django.conf import settings
from django.db import migrations, models


# A choice hangs under a heading of its own entrance: so there is no loop, and no third floor.
PARENT = """
ALTER TABLE accounts_wayin ADD CONSTRAINT way_in_under_a_heading
    FOREIGN KEY (parent_id, entrance_id, is_under_heading)
    REFERENCES accounts_wayin (id, entrance_id, is_heading)
"""


class Migration(migrations.Migration):

    dependencies = [
        ('accounts', '0008_first_sign_in'),
        ('schools', '0005_counters'),
    ]

    operations = [
        migrations.CreateModel(
            name='Entrance',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.CharField(help_text='La page sera « /ent/… / ». Par exemple : auvergne-rhone-alpes.', max_length=40, unique=True, validators=[django.core.validators.RegexValidator('^[a-z0-9]+(-[a-z0-9]+)*$', 'Des minuscules, des chiffres et des traits d’union.')], verbose_name='nom dans l’adresse')),
                ('name', models.CharField(max_length=60, unique=True, verbose_name='nom de la région')),
                ('is_open', models.BooleanField(default=True, help_text='Décochée : la page n’existe plus pour personne.', verbose_name='ouverte')),
            ],
            options={
                'verbose_name': 'entrée d’une région',
                'verbose_name_plural': 'entrées des régions',
                'ordering': ['name'],
                'constraints': [models.CheckConstraint(condition=models.Q(('slug__in', ('oublier', 'profil', 'pas-encore', 'regions', 'personnels')), _negated=True), name='entrance_slug_is_free', violation_error_message='Cette adresse sert déjà à une autre page : choisissez-en une autre.'), models.CheckConstraint(condition=models.Q(('slug__regex', '^[a-z0-9]+(-[a-z0-9]+)*$')), name='entrance_slug_is_plain', violation_error_message='Des minuscules, des chiffres et des traits d’union.')],
            },
        ),
        migrations.CreateModel(
            name='IdentityProvider',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('name', models.CharField(help_text='Ce que lisent les personnes. Par exemple : « Portail de l’académie de Lyon ».', max_length=80, unique=True, verbose_name='nom')),
                ('issuer', models.CharField(help_text='Une adresse en https://, exactement comme le fournisseur l’écrit lui-même. Toutes ses autres adresses doivent être sur le même serveur.', max_length=200, verbose_name='émetteur (issuer)')),
                ('client_id', models.CharField(max_length=200, verbose_name='identifiant de client')),
                ('sealed_secret', models.TextField(editable=False, verbose_name='secret')),
                ('scope', models.CharField(default='openid profile', help_text='Séparées par des espaces ; « openid » en fait toujours partie.', max_length=200, verbose_name='portées (scope)')),
                ('claim', models.CharField(default='preferred_username', help_text='Le nom de l’attribut (claim) qui porte l’identifiant que déclarent les établissements.', max_length=60, verbose_name='attribut de l’identifiant académique')),
                ('algorithm', models.CharField(choices=[('RS256', 'RS256'), ('ES256', 'ES256')], default='RS256', max_length=5, verbose_name='signature des jetons')),
                ('is_on', models.BooleanField(default=False, verbose_name='ouvert')),
                ('academy', models.ForeignKey(help_text='Seuls les personnels que déclarent les établissements de cette académie entrent par ici.', on_delete=django.db.models.deletion.PROTECT, related_name='+', to='schools.academy', verbose_name='académie')),
            ],
            options={
                'verbose_name': 'fournisseur d’identité',
                'verbose_name_plural': 'fournisseurs d’identité',
                'ordering': ['name'],
            },
        ),
        migrations.CreateModel(
            name='OtpKey',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('sealed_seed', models.TextField()),
                ('pin', models.CharField(blank=True, max_length=128)),
                ('counter', models.BigIntegerField(db_default=0, default=0)),
                ('spare', models.JSONField(default=list)),
                ('began_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('active_at', models.DateTimeField(null=True)),
                ('last_used_at', models.DateTimeField(null=True)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='otp_keys', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='ProviderIdentity',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('issuer', models.CharField(max_length=200)),
                ('sub', models.CharField(max_length=255)),
                ('tied_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='provider_identities', to=settings.AUTH_USER_MODEL)),
            ],
        ),
        migrations.CreateModel(
            name='ProviderVisit',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('public_id', models.UUIDField(default=uuid.uuid4, editable=False, unique=True)),
                ('state', models.CharField(max_length=64, unique=True)),
                ('begun_by', models.CharField(max_length=64)),
                ('browser', models.CharField(max_length=64)),
                ('next_step', models.CharField(max_length=100)),
                ('sealed', models.TextField()),
                ('began_at', models.DateTimeField(db_default=django.db.models.functions.datetime.Now(), editable=False)),
                ('expires_at', models.DateTimeField()),
                ('answered_at', models.DateTimeField(null=True)),
                ('arrived_at', models.DateTimeField(null=True)),
                ('provider', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='+', to='accounts.identityprovider')),
            ],
        ),
        migrations.CreateModel(
            name='WayIn',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(help_text='Court, unique dans la région, et pour toujours : « enseignant-lyon ».', max_length=40, validators=[django.core.validators.RegexValidator('^[a-z0-9]+(-[a-z0-9]+)*$', 'Des minuscules, des chiffres et des traits d’union.')], verbose_name='code')),
                ('order', models.PositiveSmallIntegerField(default=0, help_text='Les plus petits nombres d’abord.', verbose_name='rang')),
                ('label', models.CharField(max_length=100, verbose_name='texte')),
                ('label_en', models.CharField(blank=True, max_length=100, verbose_name='texte en anglais')),
                ('audience', models.CharField(choices=[('pupil', 'Élèves'), ('guardian', 'Responsables légaux'), ('teacher', 'Enseignants'), ('staff', 'Personnels non enseignants'), ('authority', 'Personnels de collectivité'), ('guest', 'Invités et autres comptes')], max_length=10, verbose_name='pour qui')),
                ('leads_to', models.CharField(blank=True, choices=[('', 'rien : un titre, avec d’autres choix dessous'), ('guardians', 'la connexion des responsables légaux'), ('pupils', 'la connexion des élèves'), ('staff', 'la connexion des personnels d’une académie'), ('provider', 'un fournisseur d’identité'), ('page', 'une page avec une phrase')], max_length=10, verbose_name='mène à')),
                ('sentence', models.CharField(blank=True, help_text='Ce que la personne lit, et peut faire, si elle n’a pas de connexion ici.', max_length=500, verbose_name='phrase')),
                ('sentence_en', models.CharField(blank=True, max_length=500, verbose_name='phrase en anglais')),
                ('is_shown', models.BooleanField(default=True, verbose_name='montré')),
                ('is_heading', models.GeneratedField(db_persist=True, expression=models.ExpressionWrapper(models.Q(('leads_to', '')), output_field=models.BooleanField()), output_field=models.BooleanField())),
                ('is_under_heading', models.GeneratedField(db_persist=True, expression=models.ExpressionWrapper(models.Q(('parent__isnull', False)), output_field=models.BooleanField()), output_field=models.BooleanField())),
                ('academy', models.ForeignKey(blank=True, help_text='Seulement pour la connexion des personnels d’une académie.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='schools.academy', verbose_name='académie')),
                ('entrance', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='ways', to='accounts.entrance', verbose_name='région')),
                ('parent', models.ForeignKey(blank=True, help_text='Vide : au premier niveau.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='ways', to='accounts.wayin', verbose_name='sous le titre')),
                ('provider', models.ForeignKey(blank=True, help_text='Seulement pour un fournisseur d’identité.', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='accounts.identityprovider', verbose_name='fournisseur d’identité')),
            ],
            options={
                'verbose_name': 'choix d’une entrée',
                'verbose_name_plural': 'choix des entrées',
                'ordering': ['entrance', 'order', 'pk'],
            },
        ),
        migrations.AddConstraint(
            model_name='identityprovider',
            constraint=models.UniqueConstraint(fields=('issuer', 'academy'), name='one_provider_per_issuer_and_academy', violation_error_message='Ce fournisseur est déjà enregistré pour cette académie.'),
        ),
        migrations.AddConstraint(
            model_name='identityprovider',
            constraint=models.CheckConstraint(condition=models.Q(('algorithm__in', ['RS256', 'ES256'])), name='provider_algorithm'),
        ),
        migrations.AddConstraint(
            model_name='identityprovider',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('name', ''), _negated=True), models.Q(('issuer', ''), _negated=True), models.Q(('client_id', ''), _negated=True), models.Q(('claim', ''), _negated=True), models.Q(('sealed_secret', ''), _negated=True)), name='provider_is_complete'),
        ),
        migrations.AddConstraint(
            model_name='otpkey',
            constraint=models.UniqueConstraint(condition=models.Q(('active_at__isnull', False)), fields=('user',), name='one_otp_key_in_use'),
        ),
        migrations.AddConstraint(
            model_name='otpkey',
            constraint=models.UniqueConstraint(condition=models.Q(('active_at', None)), fields=('user',), name='one_otp_key_waits'),
        ),
        migrations.AddConstraint(
            model_name='otpkey',
            constraint=models.CheckConstraint(condition=models.Q(('active_at', None), models.Q(('pin', ''), _negated=True), _connector='OR'), name='otp_key_has_a_pin'),
        ),
        migrations.AddConstraint(
            model_name='provideridentity',
            constraint=models.UniqueConstraint(fields=('issuer', 'sub'), name='one_person_per_identity'),
        ),
        migrations.AddConstraint(
            model_name='provideridentity',
            constraint=models.UniqueConstraint(fields=('user', 'issuer'), name='one_identity_per_issuer'),
        ),
        migrations.AddIndex(
            model_name='providervisit',
            index=models.Index(fields=['browser'], name='provider_visit_browser'),
        ),
        migrations.AddIndex(
            model_name='providervisit',
            index=models.Index(fields=['expires_at'], name='provider_visit_expires'),
        ),
        migrations.AddConstraint(
            model_name='providervisit',
            constraint=models.CheckConstraint(condition=models.Q(('arrived_at', None), ('answered_at__isnull', False), _connector='OR'), name='provider_visit_answered_before_arrived'),
        ),
        migrations.AddConstraint(
            model_name='providervisit',
            constraint=models.CheckConstraint(condition=models.Q(('expires_at__gt', models.F('began_at'))), name='provider_visit_ends'),
        ),
        migrations.AddConstraint(
            model_name='wayin',
            constraint=models.UniqueConstraint(fields=('entrance', 'code'), name='one_way_per_code', violation_error_message='Un autre choix de cette région a déjà ce code.'),
        ),
        migrations.AddConstraint(
            model_name='wayin',
            constraint=models.UniqueConstraint(fields=('entrance', 'parent', 'label'), name='one_way_per_label', nulls_distinct=False, violation_error_message='Un autre choix porte déjà ce texte au même endroit.'),
        ),
        migrations.AddConstraint(
            model_name='wayin',
            constraint=models.UniqueConstraint(fields=('id', 'entrance', 'is_heading'), name='way_in_as_parent'),
        ),
        migrations.AddConstraint(
            model_name='wayin',
            constraint=models.CheckConstraint(condition=models.Q(('leads_to__in', ['', 'guardians', 'pupils', 'staff', 'provider', 'page'])), name='way_in_leads_somewhere'),
        ),
        migrations.AddConstraint(
            model_name='wayin',
            constraint=models.CheckConstraint(condition=models.Q(('audience__in', ['pupil', 'guardian', 'teacher', 'staff', 'authority', 'guest'])), name='way_in_audience'),
        ),
        migrations.AddConstraint(
            model_name='wayin',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('leads_to', ''), _negated=True), ('parent', None), _connector='OR'), name='way_in_heading_on_top', violation_error_message='Un titre reste au premier niveau : il ne va pas sous un autre.'),
        ),
        migrations.AddConstraint(
            model_name='wayin',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('academy__isnull', False), ('leads_to', 'staff')), models.Q(models.Q(('leads_to', 'staff'), _negated=True), ('academy', None)), _connector='OR'), name='way_in_academy', violation_error_message='Choisissez une académie pour la connexion des personnels, et pour elle seulement.'),
        ),
        migrations.AddConstraint(
            model_name='wayin',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('leads_to', 'provider'), ('provider__isnull', False)), models.Q(models.Q(('leads_to', 'provider'), _negated=True), ('provider', None)), _connector='OR'), name='way_in_provider', violation_error_message='Choisissez un fournisseur d’identité si le choix y mène, et seulement dans ce cas.'),
        ),
        migrations.AddConstraint(
            model_name='wayin',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('leads_to', 'page'), _negated=True), models.Q(('sentence', ''), _negated=True), _connector='OR'), name='way_in_page_says_something', violation_error_message='Écrivez la phrase que la personne lira.'),
        ),
        migrations.AddConstraint(
            model_name='wayin',
            constraint=models.CheckConstraint(condition=models.Q(('label', ''), _negated=True), name='way_in_has_a_label'),
        ),
        migrations.RunSQL(PARENT, "ALTER TABLE accounts_wayin DROP CONSTRAINT way_in_under_a_heading"),
    ]
