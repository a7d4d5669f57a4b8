"""The bareplane provider: what Pulumi starts to turn servers into clusters."""
