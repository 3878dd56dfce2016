"""Reference data shipped with the package: procedures, calendar, units.

The only place in `dossiers` that reads anything: package resources, once. A newer catalogue or calendar comes from the
province as a signed record and is handed in as a value; these files are what a node starts with.
"""

from importlib.resources import files

import msgspec


def read_json(name: str) -> object:
    content: object = msgspec.json.decode(files(__name__).joinpath(name).read_bytes())
    return content
