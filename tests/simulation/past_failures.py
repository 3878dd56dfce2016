"""Seeds that once found something in production, or something that was wrongly asked of it: played on every run, for ever.

Their worlds stay what they were when they found it, whatever is drawn for other worlds since (`schedule`).
"""

WITH_TWO_PCS = (9, 89, 100178)
"""Known when a world could begin with two PCs; these begin with them still. World 9 is there for `look_in_the_log_alone`, which no
other is known to notice."""

PAST_FAILURES = (
    123,  # a number that lost the fold was given to a second dossier
    542,  # a database put back on a full disk broke the sync off
    622,
    129,  # one record that nobody had judged yet kept a colleague's whole snapshot out
    86,  # one record of an unknown key cut a PC off that reaches the province by its colleagues alone
    84,  # a hub that was put back and heard of first by stick was not given the rest of its own log
    89,  # a copied PC that had not heard of a re-organisation was answered as if it had, and could not sync any more
    98,  # a branch did not reach a PC that has no line: colleagues gave it only what begins at record 0
    110,  # a colleague's receipt for what the other copy wrote kept a copied PC from delivering what differs
    104,  # on a narrow line a relay asked, sent and was cut for ever: a short question that passes said nothing about pieces
    139,  # a hub that was put back said once more what its PCs had given back to it
    194,  # a PC told its officers that its disk was copied when it was a colleague's
    82,  # a copied PC without a line: the province alone tells two PCs with one key apart
    78,  # put back twice to one copy, a PC went on in a log of which the office held more: the note beside it was not believed
    26,  # a PC without a line never got contents that the province gives late: colleagues were not asked for them
    62,  # content and scans of a dossier that was allotted away before they were delivered stayed where they were, for ever
    100178,  # put back twice to before it opened a log: asked about as if it were two, and rightly
    100024,  # a hub that was put back judged anew before it had read its former word, though that had come: rightly said again
    100064,  # where a hub that was put back read its own former words first, it refused a revocation of a key it did not know yet
    100029,  # the payments of one dossier at four PCs were more differences than might be settled
    200044,  # a word that was erased before anybody had noted it stood in a file that the schedule had not cleaned yet
)
