"""How much a page takes as files: most take none, and nobody fills the disk of a web server (SAFETY T48)."""

from __future__ import annotations

from typing import IO, Any

from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler

MEGABYTE = 1024 * 1024
FORM = 64 * 1024  # what surrounds the files
MOST: dict[str, int] = {
    "/administration/schools/rosterimport/add/": 20 * MEGABYTE,
    "/administration/schools/school/annuaire/": 200 * MEGABYTE,
    "/mon-etablissement/fichiers/": 20 * MEGABYTE,
}
MOST_ELSEWHERE = MEGABYTE  # as DATA_UPLOAD_MAX_MEMORY_SIZE for what is no file


class QuotaHandler(FileUploadHandler):
    """Refuses a body that is larger than its page takes, before a byte of it is kept."""

    def handle_raw_input(
        self,
        input_data: IO[bytes],
        META: dict[str, str],  # noqa: N803  (Django's name)
        content_length: int,
        boundary: str,
        encoding: str | None = None,
    ) -> None:
        """Raise :class:`RequestDataTooBig`, which is a page 400, by what the client says it sends."""
        most = MOST.get(META.get("PATH_INFO", ""), MOST_ELSEWHERE)
        if content_length > most + FORM:
            raise RequestDataTooBig("More than this page takes")

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        """Leave the bytes to the next handler."""
        return raw_data

    def file_complete(self, file_size: int) -> Any:
        """Leave the file to the next handler."""
        return None
