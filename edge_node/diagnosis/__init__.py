"""The diagnostic file: how this PC is, in numbers, codes and versions, for a technician or the province; nothing personal."""
