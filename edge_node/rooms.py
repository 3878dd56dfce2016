"""The rooms of the node that have pages: one line each, in the order of the menu."""

from typing import Final

from flask import Blueprint

from edge_node.enrolment.routes import blueprint as enrolment
from edge_node.health import blueprint as health

ROOMS: Final[tuple[Blueprint, ...]] = (health, enrolment)
