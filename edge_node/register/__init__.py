"""Sổ theo dõi hồ sơ (Mẫu 07): the dossiers received in a month, on screen, on paper and as a file."""
