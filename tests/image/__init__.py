"""The default image, built and run by a real Docker."""
