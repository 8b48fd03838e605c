"""The architecture as one environment would deploy it, read once, for all that ask about it."""
