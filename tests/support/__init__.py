"""Builders, the cast and fakes that tests share; no tests here."""
