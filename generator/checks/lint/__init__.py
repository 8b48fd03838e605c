"""All linters over everything that is built, and what they found."""
