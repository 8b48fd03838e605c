"""Uploads a built frontend to its bucket so that no visitor gets files of two builds.

publish.py    `clinic publish`: all of these steps in order
upload.py     carries out a plan
build.py      reads a build and refuses what is none (refusals.py: what, and why)
headers.py    content type and caching of a file, by its name
api_url.py    which backend a build would call
plan.py       which files to upload and which to delete
bucket.py     the bucket, through obstore
send.py       the files in waves, many at a time
cdn.py        the invalidation, and whether one is still missing
stack.py      the stack of an environment
progress.py   progress for people, logs and programs (summary.py: before and after)

index.html names its chunks, so chunks are uploaded first and index.html last, on the condition that
it has not changed meanwhile. The only state besides that of S3 and CloudFront is one hidden object,
which says since when a file is unused by the live build.
"""
