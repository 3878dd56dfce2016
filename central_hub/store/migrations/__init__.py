"""Steps that bring a hub's database to the shape this program needs; each is run once, in order, and never changed."""
