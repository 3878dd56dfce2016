"""`python -m demo.quarter`: replay the published figures of a quarter through the real commands, services and sync.

`offices` is the commune side (one enrolled PC and officer each, in a few worker processes), `province` the hub as a real
process, `figures` reads the hub's statistics back over HTTP and says whether every group adds up, `meters` measures.
The plan of what happens is `demo.plan` and `demo.lives`.
"""
