"""Chuyển giúp đơn vị khác (/relay): parcels of other PCs, from their stick to the province and the answers back to it.

This PC cannot read what it carries. It knows whose it is, how long it is and since when it lies here; it decides nothing but
how much room it gives. Losing all of it loses nothing: whoever sent it goes on sending until a receipt comes.
"""
