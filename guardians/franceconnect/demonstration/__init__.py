"""A stand-in for FranceConnect, for who builds or tries the portal: it asks for no password.

It exists with ``DEBUG`` only, and only where no ``FRANCECONNECT_ISSUER`` is set (``mcm_portal/settings.py``).
It speaks as FranceConnect does (ES256, userinfo as a signed token, PKCE, end-session), so that the portal
beside it is the one of production; each of its pages says « démonstration ».
"""
