"""Placeholder until its author writes it."""

from django.utils.deprecation import MiddlewareMixin


class OutageMiddleware(MiddlewareMixin): ...
