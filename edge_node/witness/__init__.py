"""This PC as a witness of the province's log: it checks that the log only grows and holds what was receipted, and cosigns."""
