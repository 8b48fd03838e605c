"""What puts the documented application on the cloud and keeps it well, a package per command."""
