"""Letters on paper for a first sign-in, and their codes (SAFETY T38). See :mod:`schools.letters.making`."""
