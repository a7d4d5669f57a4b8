"""What runs on the machine: observes, applies and removes items, and keeps the ledger. Standard library only."""
