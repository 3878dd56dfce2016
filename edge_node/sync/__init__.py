"""Exchanging records with the province: rounds over HTTP, what they showed, and how far everything has travelled."""
