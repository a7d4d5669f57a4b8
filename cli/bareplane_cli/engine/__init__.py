"""Pulumi's engine as its command line shows it: stacks, their locks, what a run left unfinished."""
