"""Tệp đính kèm: scans and signed results of dossiers, from the scanner to the disk and back to the screen.

Ciphertext lies in the data folder, each file under its id; its key is in the body of the record that states it. What this
PC holds and what the province holds is kept beside the records (`copies`), because neither is signed.
"""
