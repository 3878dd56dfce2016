"""The rooms of the node that have pages: one line each, in the order of the menu."""

from typing import Final

from flask import Blueprint

from edge_node.accounts.routes import blueprint as accounts
from edge_node.api.routes import blueprint as api
from edge_node.api.token_routes import blueprint as connections
from edge_node.casework.routes import blueprint as casework
from edge_node.conflicts.routes import blueprint as conflicts
from edge_node.copies.routes import blueprint as copies
from edge_node.desk.routes import blueprint as desk
from edge_node.drafts.routes import blueprint as drafts
from edge_node.enrolment.routes import blueprint as enrolment
from edge_node.erasure.routes import blueprint as erasure
from edge_node.health import blueprint as health
from edge_node.help.routes import blueprint as help
from edge_node.lan.routes import blueprint as lan
from edge_node.receive.routes import blueprint as receive
from edge_node.register.routes import blueprint as register
from edge_node.relay.routes import blueprint as relay
from edge_node.reports.routes import blueprint as reports
from edge_node.results.routes import blueprint as results
from edge_node.routing.routes import blueprint as routing
from edge_node.search.routes import blueprint as search
from edge_node.sync.routes import blueprint as sync
from edge_node.sync.stick_routes import blueprint as stick

ROOMS: Final[tuple[Blueprint, ...]] = (
    desk,
    receive,
    casework,
    erasure,
    results,
    routing,
    search,
    drafts,
    health,
    enrolment,
    accounts,
    conflicts,
    help,
    register,
    reports,
    sync,
    stick,
    lan,
    relay,
    copies,
    connections,
    api,
)
