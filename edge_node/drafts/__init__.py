"""Drafts (/drafts): what is typed into a form reaches this PC half a second after the keys rest, and waits there.

A room that saves a form drops its draft itself, in the same transaction.
"""
