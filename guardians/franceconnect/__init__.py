"""FranceConnect v2 as its client: the door, and nothing behind it (SCREENS D3, SAFETY G14, T41 to T43).

For the pages of the guardian's first sign-in there are four functions, in :mod:`.door`:

- ``begin(request, next_step)`` sends the browser to FranceConnect; ``next_step`` is the name of the page it
  comes back to;
- ``arrived(request)`` says who came back, or ``None``: an :class:`.identity.Identity`;
- ``forget(request, response)`` erases it, once it has become something of the caller's own;
- ``leave(request, id_token)`` ends the session at FranceConnect too.

Nothing here touches an account. An identity is told apart by ``(issuer, sub)``, never by an address: none
is asked for.
"""
