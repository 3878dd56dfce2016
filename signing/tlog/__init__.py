"""The transparency log: a Merkle tree over the province's records, and the public formats in which it is told.

Values and bytes only: no file, no clock, no randomness. Trees are RFC 6962; notes, checkpoints, cosignatures, tiles, proofs
and policies are the C2SP formats of those names (`merkle`, `note`, `checkpoint`, `cosignature`, `tiles`, `proof`, `policy`);
`leaf` says what one record contributes. Where the tree is kept, when a checkpoint is signed and who is asked to witness it
are matters of the applications.
"""
