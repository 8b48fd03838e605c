"""Pieces of layers: what would make a layer longer than one reads at a sitting."""
