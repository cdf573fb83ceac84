"""A FAKE BigBlueButton: it answers as its « API Reference » says, errors included, and holds no meeting.

A real HTTP server in a thread. It checks every checksum, keeps what it was asked, and lets in who follows an
address of ``join`` (a page of HTML stands for its client), one device a person, as a server does that is
set up with ``maxUserConcurrentAccesses=1``. A test may have it misbehave::

    with FakeBigBlueButton() as bbb:
        settings.BBB_URL, settings.BBB_SECRET = bbb.url, bbb.secret
        bbb.instead["create"] = bbb.failed("maxParticipantsReached")
        bbb.trouble["create"] = "slow"        # or: cut, 500, huge, html, redirect, drip, bomb, empty
"""

from __future__ import annotations

import contextlib
import hashlib
import threading
import urllib.request
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit
from xml.sax.saxutils import escape

Words = dict[str, str]
BOMB = (  # small, but whoever reads it would read a large one
    '<!DOCTYPE r [<!ENTITY a "15"><!ENTITY b "&a;&a;&a;&a;&a;">]><response><returncode>SUCCESS</returncode>'
    "<createTime>&b;</createTime></response>"
)


@dataclass
class Meeting:
    """One that was created."""

    words: Words
    created: int
    is_ended: bool = False
    people: dict[str, Words] = field(default_factory=dict)  # by userID: one each


class FakeBigBlueButton:
    """One server; ``url`` and ``secret`` are what its administrator would give."""

    def __init__(self, secret: str = "un-secret-de-quarante-caracteres-environ") -> None:
        self.secret = secret
        self.meetings: dict[str, Meeting] = {}
        self.asked: Counter[str] = Counter()
        self.questions: list[tuple[str, Words]] = []
        self.algorithms = ("sha256",)  # of those that it may be told to accept
        self.clock = 1_531_155_809_613
        # What a test changes: by the name of a call.
        self.instead: dict[str, str] = {}
        self.trouble: dict[str, str] = {}
        self._lock = threading.Lock()
        self._released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}/bigbluebutton/"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def __enter__(self) -> FakeBigBlueButton:
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    def stop(self) -> None:
        """Switch it off: connections are refused from now on."""
        self._released.set()
        self._server.shutdown()
        self._server.server_close()

    # --- what a test looks at -----------------------------------------------------------------

    def enter(self, address: str) -> str:
        """Follow an address of ``join`` as a browser does; return the page, or the error as XML."""
        with contextlib.closing(urllib.request.urlopen(address, timeout=5)) as answer:
            return str(answer.read().decode())

    def call_back(self, key: str) -> Words:
        """Return the query with which it would call the portal back after the end of a meeting."""
        address = self.meetings[key].words["meta_endCallbackUrl"]
        joined = f"{address}&recordingmarks=false&meetingID={key}"
        return dict(parse_qsl(urlsplit(joined).query))

    # --- its answers ---------------------------------------------------------------------------

    @staticmethod
    def failed(key: str, message: str = "Something was wrong.") -> str:
        """Return a refusal."""
        return (
            f"<response><returncode>FAILED</returncode><messageKey>{key}</messageKey>"
            f"<message>{escape(message)}</message></response>"
        )

    def answer(self, call: str, query: str) -> str:
        """Answer a call."""
        words = dict(parse_qsl(query, keep_blank_values=True))
        with self._lock:
            self.asked[call] += 1
            self.questions.append((call, words))
            if call in self.instead:
                return self.instead[call]
            if not self._is_signed(call, query, words.pop("checksum", "")):
                return self.failed("checksumError", "Checksums do not match")
            calls = {
                "create": self._create,
                "join": self._join,
                "end": self._end,
                "isMeetingRunning": self._is_running,
                "getMeetingInfo": self._info,
                "getMeetings": self._meetings,
            }
            if call not in calls:
                return self.failed("unsupportedRequest", "This request is not supported.")
            if call != "getMeetings" and not words.get("meetingID"):
                return self.failed("missingParamMeetingID", "You must provide a meeting ID.")
            return calls[call](words)

    def _is_signed(self, call: str, query: str, given: str) -> bool:
        signed = "&".join(part for part in query.split("&") if not part.startswith("checksum="))
        return given in [
            hashlib.new(name, f"{call}{signed}{self.secret}".encode()).hexdigest() for name in self.algorithms
        ]

    def _alive(self, words: Words) -> Meeting | None:
        meeting = self.meetings.get(words["meetingID"])
        return meeting if meeting and not meeting.is_ended else None

    def _create(self, words: Words) -> str:
        key = words["meetingID"]
        if "," in key or not 2 <= len(key) <= 256 or not 2 <= len(words.get("name", "")) <= 64:
            return self.failed("validationError", "The name or the meeting ID has a wrong length.")
        there, warning = self._alive(words), ""
        if there is not None:
            if any(there.words.get(each) != words.get(each) for each in ("attendeePW", "moderatorPW")):
                return self.failed("idNotUnique", "A meeting already exists with that meeting ID.")
            warning = "<messageKey>duplicateWarning</messageKey><message>Already in existence.</message>"
        else:
            self.clock += 1
            there = self.meetings[key] = Meeting(words, self.clock)
        return (
            f"<response><returncode>SUCCESS</returncode><meetingID>{key}</meetingID>"
            f"<internalMeetingID>{hashlib.sha1(key.encode()).hexdigest()}-{there.created}</internalMeetingID>"
            f"<createTime>{there.created}</createTime><hasUserJoined>false</hasUserJoined>"
            f"<hasBeenForciblyEnded>false</hasBeenForciblyEnded>{warning}</response>"
        )

    def _join(self, words: Words) -> str:
        meeting = self.meetings.get(words["meetingID"])
        if meeting is None:
            return self.failed("invalidMeetingIdentifier", "The meeting ID did not match any meeting.")
        if words.get("createTime") not in (None, str(meeting.created)):
            return self.failed("mismatchCreateTimeParam", "The createTime mismatches with the meeting.")
        if meeting.is_ended:
            return self.failed("meetingForciblyEnded", "You can not re-join a meeting that was ended.")
        if not words.get("fullName"):
            return self.failed("missingParamFullName", "You must specify a name.")
        if words.get("role", "").upper() not in ("MODERATOR", "VIEWER"):
            return self.failed("invalidPassword", "You supplied no role.")
        if words.get("guest") == "true" and meeting.words.get("guestPolicy") == "ALWAYS_DENY":
            return self.failed("guestDenied", "Guest denied.")
        most = int(meeting.words.get("maxParticipants", "0"))
        if most and len(meeting.people) >= most and words["userID"] not in meeting.people:
            return self.failed("maxParticipantsReached", "The number of participants was reached.")
        meeting.people[words["userID"]] = words
        return (
            f'<!DOCTYPE html><html lang="fr"><title>{escape(meeting.words["name"])}</title><main><h1>FAKE '
            f"BigBlueButton</h1><p>{escape(words['fullName'])} ({words['role']})</p></main></html>"
        )

    def _end(self, words: Words) -> str:
        meeting = self._alive(words)
        if meeting is None:
            return self.failed("notFound", "We could not find a meeting with that meeting ID.")
        meeting.is_ended, meeting.people = True, {}
        return (
            "<response><returncode>SUCCESS</returncode><messageKey>sentEndMeetingRequest</messageKey>"
            "<message>A request to end the meeting was sent.</message></response>"
        )

    def _is_running(self, words: Words) -> str:
        meeting = self._alive(words)
        running = "true" if meeting and meeting.people else "false"
        return f"<response><returncode>SUCCESS</returncode><running>{running}</running></response>"

    def _info(self, words: Words) -> str:
        meeting = self._alive(words)
        if meeting is None:
            return self.failed("notFound", "We could not find a meeting with that meeting ID.")
        attendees = "".join(
            f"<attendee><userID>{key}</userID><fullName>{escape(each['fullName'])}</fullName>"
            f"<role>{each['role']}</role></attendee>"
            for key, each in meeting.people.items()
        )
        return (
            f"<response><returncode>SUCCESS</returncode><meetingID>{words['meetingID']}</meetingID>"
            f"<createTime>{meeting.created}</createTime>"
            f"<recording>{meeting.words.get('record', 'false')}</recording>"
            f"<hasBeenForciblyEnded>false</hasBeenForciblyEnded>"
            f"<participantCount>{len(meeting.people)}</participantCount>"
            f"<attendees>{attendees}</attendees></response>"
        )

    def _meetings(self, _words: Words) -> str:
        keys = "".join(f"<meeting><meetingID>{key}</meetingID></meeting>" for key in self.meetings)
        return f"<response><returncode>SUCCESS</returncode><meetings>{keys}</meetings></response>"


def _handler(bbb: FakeBigBlueButton) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            base, _, call = parts.path.rpartition("/")
            trouble = bbb.trouble.get(call, "")
            if base != "/bigbluebutton/api":
                self.reply(404, b"<html>Not Found</html>")
            elif trouble == "slow":
                bbb._released.wait(20)
            elif trouble == "drip":
                with contextlib.suppress(OSError):
                    self.reply(200, b"<response>", length=100_000)
                    while not bbb._released.wait(0.02):
                        self.wfile.write(b" ")
            elif trouble == "cut":
                self.reply(200, b"<response><returncode>SUCC", length=400)
                self.close_connection = True
            elif trouble == "500":
                self.reply(500, b"<html><h1>Internal Server Error</h1></html>")
            elif trouble == "huge":
                with contextlib.suppress(OSError):
                    self.reply(200, b"<response>" + b" " * (3 * 1024 * 1024) + b"</response>")
            elif trouble == "html":
                self.reply(200, b"<!DOCTYPE html><html><p>Bienvenue<br></html>")
            elif trouble == "other-xml":
                self.reply(200, b'<?xml version="1.0"?><html><p>Bienvenue</p></html>')
            elif trouble == "bomb":
                self.reply(200, BOMB.encode())
            elif trouble == "empty":
                self.reply(200, b"")
            elif trouble == "redirect":
                bbb.asked[call] += 1
                self.send_response(302)
                self.send_header("Location", f"{bbb.url}api/elsewhere?{parts.query}")
                self.end_headers()
            else:
                said = bbb.answer(call, parts.query)
                self.reply(200, said.encode(), kind="text/html" if "<html" in said else "text/xml")

        def reply(self, status: int, body: bytes, *, length: int = 0, kind: str = "text/xml") -> None:
            self.send_response(status)
            self.send_header("Content-Type", f"{kind}; charset=utf-8")
            self.send_header("Content-Length", str(length or len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None: ...

    return Handler
