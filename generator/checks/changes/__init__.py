"""What an update changes, what AWS would refuse of it, and what becomes of the data."""
