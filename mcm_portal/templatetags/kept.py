"""Parts of a page that are the same on every page: drawn once in each language, then kept."""

from __future__ import annotations

from django import template
from django.template.base import FilterExpression, NodeList, Parser, Token
from django.utils.safestring import SafeString
from django.utils.translation import get_language

from economy import remembered

register = template.Library()


class Kept(template.Node):
    """What stands between ``kept`` and ``endkept``, for one set of the values named."""

    def __init__(self, inside: NodeList, name: str, values: list[FilterExpression]) -> None:
        self.nodelist, self.name, self.values = inside, name, values

    def render(self, context: template.Context) -> SafeString:
        """Draw it, or take it as it was drawn."""
        key = (self.name, get_language(), *(str(value.resolve(context)) for value in self.values))
        drawn = remembered.kept_for_good.get(key)
        if drawn is None:
            drawn = self.nodelist.render(context)
            remembered.keep_for_good(key, drawn)
        return drawn


@register.tag
def kept(parser: Parser, token: Token) -> Kept:
    """``{% kept "name" value… %}`` to ``{% endkept %}``.

    Everything inside must follow from the language and the values: nothing of the reader, no token. What
    the values can be is known and little: they are settings, or whether somebody is signed in.
    """
    _tag, name, *values = token.split_contents()
    inside = parser.parse(("endkept",))
    parser.delete_first_token()
    return Kept(inside, name.strip('"'), [parser.compile_filter(value) for value in values])
