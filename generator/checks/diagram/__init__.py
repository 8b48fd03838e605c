"""The architecture as a picture that is derived from the templates, never drawn by hand."""
