"""Alembic's entry: runs the steps on the connection that `schema.upgrade` hands over."""

from alembic import context

from central_hub.store.tables import METADATA

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=METADATA, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
