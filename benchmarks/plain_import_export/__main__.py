"""``python -m benchmarks.plain_import_export list.csv``: imports it twice, prints as JSON what that took."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

import django


def main(path: Path) -> None:
    """Report and import, as the library's page of the administration does: once new, once unchanged."""
    import tablib
    from django.db import connection
    from import_export import resources

    from .models import Pupil

    class PupilResource(resources.ModelResource):
        class Meta:
            model = Pupil
            import_id_fields = ("ine",)
            exclude = ("id",)
            skip_unchanged = True

    statements = 0

    def count(execute: Any, sql: str, values: Any, many: bool, context: Any) -> Any:
        nonlocal statements
        statements += 1
        return execute(sql, values, many, context)

    with connection.schema_editor() as editor:
        editor.create_model(Pupil)
    told = []
    with connection.execute_wrapper(count):
        for _turn in range(2):
            statements, began, worked = 0, time.perf_counter(), time.process_time()
            rows = tablib.Dataset().load(path.read_text(), format="csv")
            report = PupilResource().import_data(rows, dry_run=True, raise_errors=True)
            PupilResource().import_data(rows, dry_run=False, raise_errors=True, use_transactions=True)
            told.append(
                {
                    "rows": report.total_rows,
                    "seconds": time.perf_counter() - began,
                    "python": time.process_time() - worked,
                    "statements": statements,
                }
            )
    assert Pupil.objects.count() == report.total_rows
    with connection.schema_editor() as editor:
        editor.delete_model(Pupil)
    json.dump(told, sys.stdout)


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.plain_import_export.settings"
    django.setup()
    main(Path(sys.argv[1]))
