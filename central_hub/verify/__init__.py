"""Verify an exported record and show the finding; the public portal builds on the same page."""
