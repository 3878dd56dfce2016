"""Parts of parcels that come to the hub by way of another PC, and the answers that such a PC takes back.

What a relay brings is taken exactly as from a stick (`sync.parcels`): nothing is believed for who brought it. Bytes lie in a
folder of their own, never in a back-up; two small tables say what became of them.
"""
