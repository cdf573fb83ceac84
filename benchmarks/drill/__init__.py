"""``make drill``: people sign up and confirm while one server after another fails (SAFETY section 2).

What each was told is compared with what the database holds and what the mail server received.
docs/drill.md says how to run it and how to add a flow or a fault.
"""
