"""Hồ sơ (/dossiers): the list, one dossier with everything that is known of it, and every step of its life.

`service` decides what an action writes, inside the journal's transaction and on the state that holds there; `forms` reads
what was typed; `reading`, `history` and `papers` turn a dossier into what a screen, a timeline or a printed form shows.
Nothing here settles conflicts (the room `conflicts` does) or knows how records travel.
"""
