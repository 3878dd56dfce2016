"""Xóa nội dung (/erasure/<dossier>): the province orders that a dossier's content goes, without having to see it."""
