"""Back-ups of the hub's database, and putting one back. No private key is ever in one."""
