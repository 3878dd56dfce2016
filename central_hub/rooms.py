"""The rooms of the hub that answer HTTP: one line each. A new screen is a new room and one line here."""

from typing import Final

from flask import Blueprint

from central_hub.operations import blueprint as operations
from central_hub.registry.routes import blueprint as enrol
from central_hub.sync.routes import blueprint as sync

ROOMS: Final[tuple[Blueprint, ...]] = (operations, sync, enrol)
