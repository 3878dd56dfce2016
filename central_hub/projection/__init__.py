"""What is derived from the logs: dossier rows, counters, keys, leases, publications.

Every function here is called in the transaction that stores or judges the records, and again by `rebuild`, which must
give the identical tables.
"""
