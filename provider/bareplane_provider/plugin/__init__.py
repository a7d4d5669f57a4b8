"""The Pulumi side: the only importer of the experimental provider API."""
