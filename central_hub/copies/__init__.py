"""Suspected copies of a PC's disk: found by forks, given nothing until a person has confirmed them by signature."""
