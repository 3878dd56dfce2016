"""Sắp xếp đơn vị (/units): communes merged, split, moved and renamed, said once and signed; and which PCs have followed."""
