"""A shell on an instance through Session Manager.

choose.py    which instance
session.py   the AWS CLI's command, what it needs, and its run
"""
