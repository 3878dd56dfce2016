"""The rooms of the hub that answer HTTP: one line each. A new screen is a new room and one line here."""

from typing import Final

from flask import Blueprint

from central_hub.accounts.routes import blueprint as accounts
from central_hub.administration.routes import blueprint as administration
from central_hub.api.routes import blueprint as api
from central_hub.catalogue.routes import blueprint as catalogue
from central_hub.copies.routes import blueprint as copies
from central_hub.erasure.routes import blueprint as erasure
from central_hub.files.routes import blueprint as files
from central_hub.nodes.key_routes import blueprint as node_keys
from central_hub.nodes.routes import blueprint as nodes
from central_hub.operations import blueprint as operations
from central_hub.overview.routes import blueprint as overview
from central_hub.quarantine.routes import blueprint as quarantine
from central_hub.registry.routes import blueprint as enrol
from central_hub.relay.routes import blueprint as relay
from central_hub.reorganisation.routes import blueprint as reorganisation
from central_hub.reports.routes import blueprint as reports
from central_hub.routing.routes import blueprint as routing
from central_hub.search.routes import blueprint as search
from central_hub.statistics.routes import blueprint as statistics
from central_hub.sync.routes import blueprint as sync
from central_hub.sync.stick_routes import blueprint as stick
from central_hub.tlog.routes import blueprint as tlog
from central_hub.tlog.routes import page_blueprint as transparency
from central_hub.verify.api import blueprint as verify_api
from central_hub.verify.offline_page import blueprint as offline_page
from central_hub.verify.proof_api import blueprint as proof_api
from central_hub.verify.routes import blueprint as verify

ROOMS: Final[tuple[Blueprint, ...]] = (
    offline_page,
    operations, sync, files, relay, enrol, tlog, transparency, accounts, overview, routing, statistics, reports, nodes, stick, node_keys, quarantine, catalogue, verify,
    copies, reorganisation, erasure, administration, search, api, verify_api, proof_api,
)  # fmt: skip
