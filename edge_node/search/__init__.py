"""Search (/search): anything from the one field at the top; a scanned or whole code opens its dossier at once."""
