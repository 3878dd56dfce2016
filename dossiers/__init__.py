"""What a dossier is: procedures, working time, due dates, codes, the life cycle, merge rules and statistics.

Pure: no socket, file, database, clock or randomness. Time, ids and records are arguments; reference data comes as values.
"""
