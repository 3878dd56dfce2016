"""The province's log: one Merkle tree over every receipted record, kept as plain files outside the database.

`tree` keeps tiles and the last signed checkpoint; `sequencer` decides what comes next and when to sign; `witnesses` takes
cosignatures; `answers` is the log's part of a round; `routes` serves the files and the page.
"""
