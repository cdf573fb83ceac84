"""``make drill``: people come in while one server after another fails (SAFETY section 2).

Families sign up and confirm; guardians, teachers and pupils sign in for the first time; classes are held.

What each was told is compared with what the database holds and what the mail server received.
docs/drill.md says how to run it and how to add a flow or a fault.
"""
