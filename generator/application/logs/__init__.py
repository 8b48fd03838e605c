"""The logs of a stack's instances, merged by time.

since.py    from when on, as a person types it
feed.py     FilterLogEvents: each event once, late ones too, within the limit of its calls
logs.py     a line or an object for each event
"""
