"""Proves from outside that a deployed site keeps the architecture's promises.

site.py       what is known of a site: from its URL, or from the stack's outputs
ask.py        one request, one connection, one handshake, each with a time-out
pages.py      the promises of the frontend and of the CDN
api.py        the promises of the backend's way through the CDN
closed.py     what must be closed: bucket, balancer, ports, old TLS
promises.py   all of them by name
prove.py      all at once, each tried again while there is time
target.py     what a test is pointed at
conclude.py   all promises of one site, and what a deployment ends with
report.py     the results for people, programs and CI
"""
