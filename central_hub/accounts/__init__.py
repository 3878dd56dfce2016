"""People who work at the hub: accounts, roles, log-in."""
