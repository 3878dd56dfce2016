"""Hồ sơ liên thông (/routing): where the dossiers are that several units have to do with, and since when. No personal data."""
