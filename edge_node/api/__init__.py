"""/api/v1: the node for other programs of the office (a scanner desk, a kiosk, a province's add-on), on this PC or its LAN.

A token lets a program read. It lets it write only while an officer who allowed that is logged in here with an unlocked
key, because every record is signed by a person (docs/adr, "the local API"). Writes go through the services of the
screens: the same checks, the same messages.
"""
