"""Views of the log: list rows, search index, verdicts, counters. All derived; one command drops and rebuilds them."""

from edge_node.projection.lists import DossierFilter, DossierRow, Trail
from edge_node.projection.service import Projector, rebuild

__all__ = ["DossierFilter", "DossierRow", "Projector", "Trail", "rebuild"]
