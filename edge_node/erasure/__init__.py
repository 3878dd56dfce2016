"""Xóa nội dung (/dossiers/<id>/erase): order that personal content goes, and make it go, whoever ordered it."""
