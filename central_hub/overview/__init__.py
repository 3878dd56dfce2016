"""The first page: the province at a glance, and what needs a decision."""
