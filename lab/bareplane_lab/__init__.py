"""Simulated servers: systemd containers with sshd on the Docker engine, standing in for hardware."""
