"""A module for each subcommand: what it takes, what it says."""
