"""All linters over every generated template, and their findings."""
