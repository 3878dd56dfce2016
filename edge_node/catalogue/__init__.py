"""What the province has published and this PC therefore works by: procedures, calendar, number leases."""

from edge_node.catalogue.service import References

__all__ = ["References"]
