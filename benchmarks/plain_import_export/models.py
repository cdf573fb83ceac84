"""One table, with what a school's list says of a pupil."""

from django.db import models


class Pupil(models.Model):
    """A pupil, known by their INE."""

    ine = models.CharField(max_length=11, unique=True)
    family_name = models.CharField(max_length=100)
    first_name = models.CharField(max_length=100)
    birth_date = models.CharField(max_length=10)
    division = models.CharField(max_length=60)

    def __str__(self) -> str:
        return self.ine
