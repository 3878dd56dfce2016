"""The one place where the version of Motcua is written."""

__version__ = "0.1.0"
