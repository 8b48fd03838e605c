"""Deploys and checks the documented application on the stack, a package per command.

env/       the backend's ``.env``: checked, pushed, compared, shown
publish/   a built frontend to its bucket
release/   the backend's instances to another image or revision, and back
smoke/     whether the site keeps the architecture's promises, seen from outside
doctor/    what is wrong with each instance and target, and what to do
logs/      what the instances log, merged by time
shell/     a shell on an instance, or in its backend's container
stress/    how long new capacity takes under load, live or simulated
"""
