"""A stand-in for Pulumi's `docker` plugin."""
