"""Structured logs."""
from django.views.debug import SafeExceptionReporterFilter


def configure(*, debug: bool) -> None:
    """Set up logging."""


class ExceptionReporterFilter(SafeExceptionReporterFilter):
    """Nothing yet."""
