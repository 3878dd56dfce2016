"""The deterministic simulation: offices, hub and line in one process, replayed from one number.

A seed makes a `Plan` (`schedule`), a `World` plays it with the production code of node, hub and protocol (`world`), and
after every step and at the end it is asked whether what was promised holds (`invariants`). Only line, disk, clock and
randomness are simulated. `python -m tests.simulation --seed N --trace` shows one world as a line per event.
"""
