"""How to run a class, how to come to one, and what people ask (SCREENS B8): for everybody."""

from __future__ import annotations

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe

from virtual_classes import help as texts


@login_not_required
@require_safe
def help_page(request: HttpRequest, name: str) -> HttpResponse:
    """Show one of the help pages, and the way to the two others."""
    language = get_language() or texts.FRENCH
    others = [(f"class_help_{each}", title) for each, title in texts.titles(language).items() if each != name]
    context = {"page": texts.read(name, language), "others": others}
    return render(request, "virtual_classes/help.html", context)
