"""The story that `python -m demo` plays: a working day of two communes, offline for a while.

`stage` starts the hub, the PCs and the lines between them as real processes; `desk` is an officer in front of the screens;
`tally` counts what was done, to compare it with what the province says; each chapter is a module of its own. Everything
that is claimed is read back over HTTP.
"""
