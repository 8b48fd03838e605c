"""Brings a built frontend to its bucket so that nobody ever sees half of it.

publish.py    all of it in order
bring.py      a plan carried out
build.py      reads a build and refuses what is none (refusals.py: what, and why)
headers.py    content type and caching of a file, by its name
api_url.py    which backend a build would call
plan.py       what a build and a bucket make necessary
bucket.py     the bucket, through obstore
send.py       the files in waves, many at a time
cdn.py        the invalidation, and whether one is still owed
stack.py      the stack that it goes to
progress.py   the same for people, logs and programs (summary.py: before and after)

Order is what makes it safe: a page names its chunks, so chunks go first and index.html last, under
the condition that nobody else has published meanwhile. No state is kept but what the services keep
anyway, and one hidden object that says since when a file is of no use to a new visitor.
"""
