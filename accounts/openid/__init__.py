"""Being a client of OpenID Connect: of FranceConnect (``guardians``), and of providers that an admin sets up.

``discovery`` finds addresses and keys, asking within the limits of :mod:`accounts.calling`, ``tokens``
believes nothing unproved, ``visits`` binds an answer to one browser, ``exchange`` puts these together.
``door`` and ``people`` are for the rows of :class:`accounts.models.IdentityProvider`.
"""
