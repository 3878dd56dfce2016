"""Where the hub keeps things: tables, engine, migrations, and the log store on SQLAlchemy Core.

The logs are the truth and are append-only; every other table here is either local to this hub (accounts, codes,
contacts) or derived from the logs and can be dropped and rebuilt by one command.
"""
