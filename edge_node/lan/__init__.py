"""Máy trong cơ quan (/lan): this PC and the office's others exchange records over the office network, without the province."""
