"""Virtual classes in the administration."""

from . import classes

__all__ = ["classes"]
