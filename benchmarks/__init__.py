"""`python -m benchmarks` (`make bench`): the figures that the project holds itself to, measured on this machine.

Every figure is a ratio, a number of bytes, or a median of times taken within one run; none is ever a test. Each module
measures one subject through the product's own code or its real processes; README.md says how.
"""
