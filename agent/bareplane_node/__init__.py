"""Daemons of ours on a node. Standard library of Python 3.9 only."""
