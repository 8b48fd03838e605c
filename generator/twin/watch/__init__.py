"""A page on loopback that shows the twin as it runs.

requests.py   what the CDN logged, by path and status
usage.py      CPU seconds of each instance
state.py      everything that the page shows, as one object
server.py     who may see it; page.html, page.css and page.js are one document of its own
"""
