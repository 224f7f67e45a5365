"""The kernel of Chợ Phiên: what every room of the house stands on, and the one place that puts the rooms together."""
