"""What every template knows of the portal."""

from django.http import HttpRequest


def portal(request: HttpRequest) -> dict[str, object]:
    """Nothing yet."""
    return {}
