"""Tiếp nhận (/receive): from a person at the counter to a signed record and a printed slip.

`forms` reads the whole form (also the text of an identity card's QR code), `service` allocates the code and writes, in one
transaction, `queries` finds who was here before and what this office receives most. Nothing that was typed is lost: drafts
keep it while it is typed, and an answer with errors shows it again.
"""
