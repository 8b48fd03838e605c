"""What an instance runs at birth, run for real against stand-ins for the machine and for AWS."""
