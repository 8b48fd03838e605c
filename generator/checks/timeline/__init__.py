"""How long a creation or an update takes, and what decides it: the critical path."""
