"""One module per layer: its names, its ``build`` and, last, the ``Layer`` itself."""
