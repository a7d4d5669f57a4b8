"""Kinds of run-time residue: each knows what is there, and how to take away what was not there before."""
