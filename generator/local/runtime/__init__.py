"""The modules that Lambda lends to functions; this folder is on their search path."""
