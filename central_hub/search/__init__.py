"""One search for everything: dossier codes, units, procedures, PCs."""
