"""The acceptance run: a whole life of one environment in an account, kept as evidence.

Rehearsed against the embedded endpoint only; nobody has run it on AWS.
"""
