"""The placements of an app, a module each."""
