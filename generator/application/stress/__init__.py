"""The documented resilience test: load on the instances, and how the group scales.

timeline.py      what was seen, second by second, simulated or live
assumptions.py   what a template does not say and a simulation needs
settings.py      what a template says
simulate.py      settings and a load give a timeline: a pure function
variants.py      the same load on other designs, side by side
offline.py       the simulated test: figure, picture, other designs, assumptions
remote.py        a shell command on instances through Systems Manager
sampler.py       requests to the health path while the load runs
watch.py         the group under load, reading by reading
live.py          the live test: ask, load, follow, end the load whatever happens
terminal.py      the picture in a terminal
picture.py       the picture as PNG
report.py        what both tests print, and whether it is good
"""
