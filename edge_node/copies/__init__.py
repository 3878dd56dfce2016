"""Bản sao ổ đĩa (/copies): the unit's administrator says whether a suspected copy of one of its PCs' disks is the unit's own."""
