"""The Pulumi provider of bareplane: kinds, and what they are made of."""
