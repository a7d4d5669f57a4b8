"""What is asked of machines, without any Pulumi state."""
