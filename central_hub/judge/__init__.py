"""The one judge: opens stored runs in order, decides about each record, and makes what follows from it visible."""
