"""Being a client of OpenID Connect: of FranceConnect (``guardians``), and of providers that an admin sets up.

``calling`` asks with limits, ``discovery`` finds addresses and keys, ``tokens`` believes nothing unproved,
``visits`` binds an answer to one browser, ``exchange`` puts the four together. ``door`` and ``people`` are
for the rows of :class:`accounts.models.IdentityProvider`.
"""
