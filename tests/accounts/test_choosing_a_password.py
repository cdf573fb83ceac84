"""A person chooses a password (SCREENS P1, P2, P3, A4, C4, D8; SAFETY G3, T19, T20)."""

from __future__ import annotations

import json
from datetime import timedelta
from itertools import islice

import pytest
from django.core.exceptions import ValidationError
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.management.commands.make_weak_passwords import entries
from accounts.passwords import (
    EDUCONNECT,
    ENT,
    MCM,
    POLICIES,
    PasswordContext,
    PasswordPolicy,
    Strength,
    is_too_long,
    normalise,
    of_doors,
    strength,
    strength_under,
)
from accounts.weak_passwords import DATA, base_words, weakness
from tests import corpus
from throttling import limits
from throttling.models import Counter

EACH_POLICY = pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)
NOBODY = PasswordContext()
MARIE = PasswordContext(
    names=("Marie-Léonie", "d’Haÿmerick"),
    username="mhaymerick.27",
    address="leonie.vantrigt@kerbihan.example.org",
    school_words=("Collège Guy Moquelin", "0501271K", "Valdombre"),
)


def _codes(policy: PasswordPolicy, password: str, context: PasswordContext = NOBODY) -> list[str]:
    """The codes of what is said against the password; each with one French sentence."""
    try:
        policy.validate(password, context)
    except ValidationError as refused:
        assert all(message.endswith(".") for message in refused.messages)
        return [error.code or "" for error in refused.error_list]
    return []


# --- the rule -----------------------------------------------------------------------------------
@EACH_POLICY
@pytest.mark.parametrize(
    ("password", "missing"),
    [
        ("tZ7#kqpL", []),
        ("tZ7#kqp", ["length"]),
        ("tZo#kqpL", ["digit"]),
        ("TZ7#KQPL", ["lower"]),
        ("tz7#kqpl", ["upper"]),
        ("tZ7ekqpL", ["special"]),
        ("vwxyz", ["length", "digit", "upper", "special"]),
        ("", ["length", "digit", "lower", "upper", "special"]),
    ],
)
def test_each_missing_thing_is_said(policy: PasswordPolicy, password: str, missing: list[str]) -> None:
    assert sorted(_codes(policy, password)) == sorted(missing)


def test_the_sentence_says_what_to_add() -> None:
    with pytest.raises(ValidationError) as refused:
        MCM.validate("tZo#kqpL")
    assert refused.value.messages == ["Ajoutez au mot de passe\u00a0: au moins 1 chiffre."]


@pytest.mark.parametrize("special", " !\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~€£§°«…😀")
def test_at_ma_classe_a_la_maison_any_sign_is_special(special: str) -> None:
    assert _codes(MCM, f"tZ7{special}kqpL") == []


@pytest.mark.parametrize("special", "!\"#%&'()*+,-./:;<=>?@[\\_{}|")
def test_at_the_ent_the_signs_of_its_list_are_special(special: str) -> None:
    assert _codes(ENT, f"tZ7{special}kqpL") == []


@pytest.mark.parametrize("special", "!?@#$%&'*<>=µμ/.;:")
def test_at_educonnect_the_signs_of_its_list_are_special(special: str) -> None:
    assert _codes(EDUCONNECT, f"tZ7{special}kqpL") == []


@pytest.mark.parametrize(
    ("policy", "other"),
    [(ENT, "$"), (ENT, "~"), (ENT, "^"), (ENT, "€"), (ENT, "µ"), (EDUCONNECT, "-"), (EDUCONNECT, "_")],
)
def test_a_sign_outside_the_list_is_accepted_but_does_not_count(policy: PasswordPolicy, other: str) -> None:
    assert _codes(policy, f"tZ7{other}kqpL") == ["special"]
    assert _codes(policy, f"tZ7{other}kqpL#") == []


@EACH_POLICY
def test_a_passphrase_of_sixteen_characters_needs_no_digit_capital_or_sign(policy: PasswordPolicy) -> None:
    assert _codes(policy, "correct cheval pile agrafe") == []
    assert _codes(policy, "vélo givre tambo") == []
    assert "digit" in _codes(policy, "vélo givre tamb")


@EACH_POLICY
def test_a_password_of_128_characters_passes_and_one_more_does_not(policy: PasswordPolicy) -> None:
    long = ("Quatre hiboux tricotent au fond du vieux grenier bleu; " * 3)[:128]
    assert _codes(policy, long) == []
    assert _codes(policy, long + "x") == ["too_long"]


def test_length_is_counted_in_normalised_characters_and_a_huge_text_costs_nothing() -> None:
    assert is_too_long("\ufdfa" * 8)  # 144 characters once normalised
    assert not is_too_long("e\u0301" * 128)
    assert is_too_long("a\u0301\u0316" * 1_000_000)


def test_two_ways_to_type_the_same_letter_are_one_password() -> None:
    assert normalise("µ") == normalise("μ")
    assert normalise("e\u0301te\u0301") == normalise("été")


@EACH_POLICY
@pytest.mark.parametrize("letter", ["é", "Ø", "ж", "漢", "😀", "µ", " ", "\u00a0", "\\", "\x01", "\x00"])
def test_any_character_is_accepted_anywhere(policy: PasswordPolicy, letter: str) -> None:
    for password in (f"{letter}tZ7#kqpL", f"tZ7#{letter}kqpL", f"tZ7#kqpL{letter}"):
        assert _codes(policy, password) == []


@EACH_POLICY
def test_half_a_character_that_no_keyboard_types_is_refused(policy: PasswordPolicy) -> None:
    assert _codes(policy, "tZ7#kqpL\ud83d") == ["unreadable"]


# --- what the screen shows ------------------------------------------------------------------------
@EACH_POLICY
def test_the_text_the_live_check_list_and_the_verdict_come_from_one_object(policy: PasswordPolicy) -> None:
    data = json.loads(json.dumps(policy.as_data()))
    assert [rule["id"] for rule in data["rules"]] == [rule.id for rule in policy.rules]
    for rule in data["rules"]:
        assert rule["label"] in policy.sentence()
        assert rule["test"]["kind"] in ("length", "class", "any_of")
    assert (data["minimum"], data["maximum"], data["passphrase"]) == (8, 128, 16)


def test_the_sentence_of_ma_classe_a_la_maison_names_its_five_conditions() -> None:
    assert MCM.sentence() == (
        "Le mot de passe doit comporter au moins 8 caractères, au moins 1 chiffre, au moins 1 minuscule, "
        "au moins 1 majuscule, au moins 1 caractère spécial tel que * - #. Une phrase de 16 caractères ou "
        "plus convient aussi."
    )


@pytest.mark.parametrize(
    ("password", "word"),
    [
        ("azerty", "Faible"),
        ("Marseille13!", "Faible"),
        ("tZ7#kqpL", "Moyen"),
        ("vG8#kqpL2x", "Fort"),
        ("correct cheval pile agrafe", "Très fort"),
        ("", "Faible"),
    ],
)
def test_a_strength_word_stands_beside_the_field(password: str, word: str) -> None:
    assert strength(password).word == word


def test_the_strength_word_knows_the_person_and_forgets_them() -> None:
    alone = strength("Vantrigt-Haymerick")
    assert strength("Vantrigt-Haymerick", ["Vantrigt", "Haymerick"]) < alone
    assert strength("Vantrigt-Haymerick") == alone


def test_the_strength_of_a_very_long_password_is_said_too() -> None:
    assert strength("Quatre hiboux tricotent au fond du vieux grenier bleu; " * 3) is Strength.VERY_STRONG


# --- weak passwords -------------------------------------------------------------------------------
WEAK = (
    "Azerty123!", "Marseille13!", "Rentree2026!", "Cned2026!", "Bonjour1!", "Soleil2020*", "Psg75000!",
    "Maclasse2020!", "Normandie14#", "Motdepasse1!", "M0tdep@sse1", "P@ssw0rd1!", "Doudou2012!",
    "Juillet2011!", "Olympique13#", "Camille2009!", "Lucas2014*", "Azertyuiop1!", "Qwerty123!",
    "Vacances2026!", "Ecole2026!", "College1*", "Lycee2025#", "Jetaime1!", "Loulou59!", "Chocolat1!",
    "Football10!", "Septembre2026!", "Toulouse31!", "Abcd1234!", "Nathan2010*", "Aa123456!", "France98!",
)  # fmt: skip
DRESSED_OTHERWISE = (
    "Allezlom13!", "Erdna2012!",
    "Ellimac1!", "123Soleil!", "!Soleil123", "S0l31l2020!", "Mar13seille!", "1q2w3e4R!",
    "A1b2c3d4!", "LaMaison2026!", "Éléonore2012!", "Monchat2020!", "Iloveyou1!", "Dragon123!", "0501271Ka!",
    "Pa$$w0rd123", "Covid-19!", "Paris-2024!", "SOLEIL2020!a", "soleil.Soleil1", "Grenoble#38000", "Wxcvbn!1",
    "Aqwzsx12!", "Marseilles13!", "MarseilleCollege1!", "Ab1!Ab1!Ab1!",
)  # fmt: skip
WEAK_PHRASES = (
    "aaaaaaaaaaaaaaaa", "azertyuiopqsdfgh", "Azerty-Azerty-2026", "marseille-marseille-13",
    "1234567890123456", "abcdefghijklmnop", "MaClasse-ALaMaison2020", "ma classe a la maison",
    "abababababababab",
    "motdepassemotdepasse", "2026-09-01 2027-07-05", "Ab1!Ab1!Ab1!Ab1!", "!!!!!!!!!!!!!!!!!",
    "qwertyuiopasdfgh",
)  # fmt: skip


@EACH_POLICY
@pytest.mark.parametrize("password", [*WEAK, *DRESSED_OTHERWISE])
def test_what_people_really_choose_under_such_a_rule_is_refused(
    policy: PasswordPolicy, password: str
) -> None:
    assert {"repeated", "common"} & {*_codes(policy, password)}


def test_the_weak_passwords_tried_are_33_and_meet_the_rule_that_they_get_round() -> None:
    assert len(set(WEAK)) == 33
    assert not [password for password in (*WEAK, *DRESSED_OTHERWISE) if MCM.unmet(password)]


@EACH_POLICY
@pytest.mark.parametrize("phrase", WEAK_PHRASES)
def test_sixteen_characters_do_not_save_a_repetition_a_walk_or_a_single_word(
    policy: PasswordPolicy, phrase: str
) -> None:
    assert not policy.unmet(phrase)
    assert {"repeated", "common"} & {*_codes(policy, phrase)}


@EACH_POLICY
@pytest.mark.parametrize(
    "password",
    [
        "Haymerick1!", "haymericK#27", "H@ym3r1ck.", "HAYMERICKh1!", "Marieleonie2010!", "Léonie-2010",
        "MLeonie#2010", "kcirEmyah1!", "Vantrigt13!", "Leonie.Vantrigt1", "Kerbihan2026!", "mHaymerick.27",
        "Moquelin2026!", "Guymoquelin#1", "Valdombre2026!", "V@ldombre26", "!!haymericK1",
        "CollegeMoquelin1!",
        "Haymerick Haymerick Haymerick", "marie-léonie d'haÿmerick 2010",
    ],
)  # fmt: skip
def test_a_password_made_of_what_others_know_of_the_person_is_refused(
    policy: PasswordPolicy, password: str
) -> None:
    assert "personal" in _codes(policy, password, MARIE)


@pytest.mark.parametrize(
    ("password", "context"),
    [
        ("Mvouk2012!", PasswordContext(names=("Max", "Vouk"))),
        ("Voukm#2012", PasswordContext(names=("Max", "Vouk"))),
        ("Oujy2026!", PasswordContext(names=("Ou", "Jy"))),
        ("Vrombi2026!", PasswordContext(username="zorglub.vrombi")),
        ("Jyou2026!", PasswordContext(username="jy.ou")),
    ],
)
def test_short_names_initials_and_pieces_of_the_user_name_count_too(
    password: str, context: PasswordContext
) -> None:
    assert _codes(MCM, password, context) == ["personal"]
    assert _codes(MCM, password) == []


@pytest.mark.parametrize("password", ["Haymerick1!", "Vantrigt13!", "Kerbihan2026!", "Valdombre2026!"])
def test_the_same_password_is_nobody_else_s_business(password: str) -> None:
    assert _codes(MCM, password) == []


@EACH_POLICY
@pytest.mark.parametrize(
    "password", ["Haymerick tricote quatre hiboux", "tZ7#kqpL-Leonie", "Trois vélos de Valdombre penchent"]
)
def test_a_name_among_other_words_is_no_weakness(policy: PasswordPolicy, password: str) -> None:
    assert _codes(policy, password, MARIE) == []


@EACH_POLICY
def test_the_list_carried_is_what_its_generator_makes(policy: PasswordPolicy) -> None:
    carried = (DATA / f"weak_passwords_{policy.key}.txt").read_text(encoding="utf-8").splitlines()
    assert carried == entries(policy), "run: manage.py make_weak_passwords"


@EACH_POLICY
def test_the_list_has_three_thousand_entries_that_meet_the_policy(policy: PasswordPolicy) -> None:
    carried = (DATA / f"weak_passwords_{policy.key}.txt").read_text(encoding="utf-8").splitlines()
    assert len(set(carried)) >= 3_000
    assert not [password for password in carried if policy.unmet(password)]
    assert not [p for p in islice(carried, 0, None, 25) if not weakness(p, NOBODY, policy_key=policy.key)]
    assert not [
        p for p in islice(carried, 0, None, 25) if not weakness(p.upper(), NOBODY, policy_key=policy.key)
    ]


def test_the_base_words_are_plain_ascii_words_of_known_sections() -> None:
    sections = base_words()
    assert set(sections) == {
        "filler", "school", "whole", "common", "calendar", "clubs", "towns", "regions", "people",
    }  # fmt: skip
    words = [word for name, section in sections.items() if name != "whole" for word in section]
    assert not [
        word for word in words if not (word.isascii() and word == word.lower() and 2 <= len(word) <= 24)
    ]


# --- good passwords -------------------------------------------------------------------------------
MADE_BY_A_MACHINE = (  # noqa: SIM905
    "tZ7#kqpL Leo7#K29 "
    "pO*-nC%1 +;!=4Eak oKm5b!OA l%.LK6s+ _;#o2*!Y @H1&9-?d +Cqg?n28 s9Dp68:G zLIbet6? !UzH!7-# "
    "3%eLO6m4 -H5x29iI #Vmy0s5b la5_:kzF _+!r:C8= q*Lk1ur= N*0Xt?zW d-8PM5Pp #7+vt=?A 3R6Di;Ze XI2.1kXN "
    "xSwH7#1K 7wP?94p@ @JmBDal6 Q0:xdTuT %+SO6eZO B72pV*GX pM1O_c:R q?TMd2_q DccJ:91H R?OhbF8hC "
    "VT66;8_Ny u0t!aT?0e WHMpS8#p% ?FT6_Skil #NHCvP3*% QP#ZOwz7C SS0=WBt4& L+6ZZc;Q0 Rm#:?A2TQ "
    "_189RbeCp IPcA6-JVk %y.bmtQC7A vNk&1?=%rn dI1fx;-D8R RSO9G!PGe! rc9UG7zVJ- ZMB_g0i-.M 9l-?P!ORUx "
    "7EA2-@q-BI rI:Tq6vxgx t0!:dMC-U: l70tPs-f8a l23zvEC#BV u.226UAN4% A3y2d;sIKU Yb9?6IT!rn s%CT6W=g%P "
    "Gk77S:@@mJ Lek=fi@5&n X+69:ctOrd E-O1f!Fx4y o=8=W9@c#BXe @7rLE?OI3_dT ?v@p&VB=j;v6 Zon1ZaFzgHv@ "
    "IVkGveB%o5;e T7-ey9gLlviJ AaKf8Hj:v;?_ :E#g:TD.Y7lF eb0X%l4wvEv% z*RZJv7lcSjq &?F8tPw#;ora "
    "Wl#1&R-Tk=cG Rw6=mF8u*9oi qa@Ns0Gc4LtW a4=pmDP4iXJ4 4MG508LOvn;d w-MezMv3_q4W #hNe-R%M0C.- "
    "K*SSX@Cb1@2X Y8u3-yVd:kmo BYp6S?m1EPNami Rt60mny;!RxplS Et47m;2qlc72i4 #h58Smg0x2iG:@ "
    "0k+HO2_ND@x@1G e%G@6L0HA=4uT? WnV35_P&WTbTXS G9bU07fcL::goQ 3HXMGaABhjDwgU:6 n.?gLqn1Doinj=Xe "
    "r4%dK0V%4yg1NtI. vYgi6+094saKmq3y I7@tAPuLdny7XjUY jbU+lJ;CyRGlM.%o:jC7 %Srvty;GpXG=8UyywU8i "
    "rK.g%SCJ8eNtI6YnANpH 1j9OKMqgiL3lzz:bdOzd"
).split()
MADE_BY_A_PERSON = (
    "Girafe-Guitare8", "Citron*Tortue61", "Jm!ch2Vb",
    "Lnmtp3f*", "2Hiboux-Verts", "Tricot#Givre4", "Moustique?Vert9", "Plume&Grelot77",
    "Zebulon!Frite3", "Ourson-Klaxon5", "Cactus7*Brume", "Brouette.Luge2", "Grelot:Tapir8", "7Nains+1Grelot",
    "Vive-le-Fenouil3", "Pneu-crevé-2x", "J'ai3oisons", "Mp=compliqu3", "Kayak!Fougere6", "Noix2Pecan#",
    "Rhubarbe%Lierre1", "Tambour;Cigale5", "1Tapir,2Tapirs", "Quenelle@Foin4", "Radis#Trombone2",
    "Y'a9corbeaux", "Gravier<Ortie7", "Le5eHibou!dort", "Cornichon~Volant3#", "Bernique/Phare6",
    "Épouvantail&2", "Hérisson*Gouttière3", "Fjord!Toundra8", "Parapluie#Ficelle9", "Sablier?Ecluse4",
    "Volet.Grinçant5", "3boutsdeFicelle!", "Nénuphar+Gadoue2", "Wagon:Blizzard7", "Girouette;Clou1",
    "Vermicelle!Bec6", "Trombe#Lichen55", "Kiwi!Ecailles40", "Lutrin*Paille8", "Givre-Givre-Mimolette1",
    "Hublot@Pignon3", "Zinc&Coquille5", "Mouflon?Tringle2", "Pavot%Ecureuil9", "Dedale#Bitume1",
)  # fmt: skip
PHRASES = (
    "trousse bulletin cantine stylo",
    "correct cheval pile agrafe", "Le-chat-dort-sur-2-coussins", "quatre hiboux tricotent la nuit",
    "la tortue boit du thé froid", "mon voisin repeint son tambour", "trois gouttes de pluie verte",
    "Il neige toujours en juillet ici", "les nouilles dansent le mardi", "un tapir compte ses moustaches",
    "vélo givre tambour lichen", "je préfère les jeudis sans parapluie", "une girafe lit le journal",
    "demain nous mangerons des lampes", "Ma grand-tante répare des hélices", "bouilloire enrhumée du Jura",
    "le facteur collectionne les clous", "mille sabots sur le gravier", "fenouil ficelle fougère foudre",
    "Ne jamais prêter sa brouette", "Deux crabes jouent aux échecs", "l'ascenseur sent la cannelle",
    "papier peint à rayures molles", "cornichon sous la véranda", "une ancre dans le potager",
    "sept nains et une pelleteuse", "Où sont passées mes pantoufles ?", "Et si la Lune sonnait creux...",
    "chaque soir le phare éternue", "vent d'ouest et soupe tiède", "les escargots votent à main levée",
    "grenouille allergique au velours", "sirop d'érable et boulons", "sur le toit pousse un radis",
    "ein Igel trinkt kalten Kaffee", "my kettle dreams of snowstorms", "el búho toca la trompeta",
    "il pinguino stira le camicie", "ondan sonra çay içeriz belki", "тихий ёж пьёт холодный чай",
    "القنفذ يشرب الشاي البارد ليلا", "会议室里有一只很安静的刺猬喝茶呢吧", "zwölf Boxkämpfer jagen Viktor",
    "🍎🚗🌲🎵🐙⚽🌧🧦🪁🔔🦊🍋🧲🚲🪵🎻", "quand les poules auront des dents bleues",
    "chaussette orpheline cherche pied", "le rémouleur passe à dix heures", "abricots en août, figues après",
    "mes clés sont dans le frigo", "tricoter un pull pour la théière", "huit virgules et un chameau",
    "pluie fine sur bottes neuves", "le grenier craque quand il gèle", "ne pas réveiller le homard",
    "un sou pour le hérisson", "fromage et parachute dimanche", "la cloche rouillée sonne faux",
    "wagon vide vers nulle part", "trente-deux crayons mal taillés", "soupape brume orteil cadran",
    "notre canoë fuit par temps sec", "Barbe-Bleue achète du savon", "pourquoi pas un morse en écharpe",
)  # fmt: skip
GOOD = (*MADE_BY_A_MACHINE, *MADE_BY_A_PERSON, *PHRASES)


@pytest.mark.parametrize("password", GOOD)
def test_a_good_password_passes(password: str) -> None:
    assert _codes(MCM, password) == []
    assert not {"common", "personal", "repeated"} & {*_codes(ENT, password), *_codes(EDUCONNECT, password)}
    assert _codes(MCM, password, MARIE) == []


def test_the_good_passwords_tried_are_more_than_two_hundred() -> None:
    assert len(set(GOOD)) > 200


# --- anything at all ------------------------------------------------------------------------------
@EACH_POLICY
@settings(derandomize=True, deadline=None, max_examples=200)
@given(
    password=st.text(alphabet=st.characters(), max_size=140)
    | st.text(alphabet=st.sampled_from("aAzé1!#µ @😀\u0301\x00"), max_size=24)
    | st.lists(st.sampled_from(["marie", "Cned", "2026", "!", "azerty", "la", "x"]), max_size=30).map(
        "".join
    ),
    name=st.text(alphabet=st.characters(), max_size=30),
    address=st.text(max_size=30),
)
def test_whatever_is_typed_passes_or_gets_a_sentence(
    policy: PasswordPolicy, password: str, name: str, address: str
) -> None:
    context = PasswordContext(names=(name, "Marie"), username=name, address=address, school_words=(name,))
    codes = _codes(policy, password, context)
    assert _codes(policy, normalise(password), context) == codes
    if not codes:
        assert 8 <= len(normalise(password)) <= 128
        normalise(password).encode()


def test_the_naughty_strings_pass_or_get_a_sentence_and_have_a_strength() -> None:
    for typed in (*corpus.NAUGHTY, *corpus.SURROGATES):
        context = PasswordContext(names=(typed,), username=typed, address=typed, school_words=(typed,))
        _codes(MCM, typed, context)
        _codes(MCM, "tZ7#kqpL", context)
        assert strength(typed, [typed]) in Strength


# --- the word beside the field, as the page asks for it ---------------------------------------------
@pytest.mark.django_db
def test_a_page_asks_for_the_word_under_its_own_rule_and_beside_its_persons_words(client) -> None:
    def word(password: str, policy: str = "mcm", *words: str) -> str:
        said = {"password": password, "policy": policy, "words": words}
        return client.post("/force-du-mot-de-passe/", said).json()["word"]

    assert word("vG8#kqpL2x") == "Fort"
    assert word("vG8^kqpL2x") == "Fort" and word("vG8^kqpL2x", "educonnect mcm") == "Moyen"  # no such sign
    assert word("Vantrigt-Haymerick") != "Faible"
    assert word("Vantrigt-Haymerick", "mcm", "Vantrigt", "Haymerick") == "Faible"
    assert word("Vantrigt-Haymerick", "mcm", "vantrigt.haymerick@exemple.fr") == "Faible"
    assert word("") == word("x" * 10_000) == "Faible"


@pytest.mark.parametrize("password", [*WEAK, *DRESSED_OTHERWISE, *WEAK_PHRASES])
def test_what_is_refused_is_never_called_strong(password: str) -> None:
    assert strength_under(MCM, password, PasswordContext()) is Strength.WEAK


def test_what_breaks_a_rule_is_never_called_strong() -> None:
    assert strength("vgqxkqpzl2x4!") >= Strength.STRONG
    assert strength_under(MCM, "vgqxkqpzl2x4!", PasswordContext()) is Strength.FAIR


@pytest.mark.django_db
def test_the_word_is_not_asked_for_without_end(client) -> None:
    limits.hit(*[limits.Limit("password_strength", "127.0.0.1", 3000, timedelta(hours=1))])
    Counter.objects.update(count=3000)
    answer = client.post("/force-du-mot-de-passe/", {"password": "vG8#kqpL2x", "policy": "mcm"})
    assert answer.status_code == 429 and answer.json() == {"word": ""}


def test_an_account_with_two_doors_keeps_the_rules_of_both() -> None:
    both = of_doors({"mcm", "educonnect"})
    for policy in (MCM, EDUCONNECT):
        assert {str(rule.test) for rule in policy.rules} <= {str(rule.test) for rule in both.rules}
    assert len(both.rules) == 6  # of « special » there are two
    assert _codes(both, "vG8^kqpL2x") == ["special"]
    assert of_doors({"educonnect"}) is EDUCONNECT and of_doors(set()) is MCM
    assert of_doors({"clermont"}) is ENT  # an académie's own door
    assert both.is_known_to_guessers("Azerty123!")
