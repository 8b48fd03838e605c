"""Replaces the backend's instances by ones with another image or revision; rolls back on failure.

request.py    what is asked for on the command line
revision.py   what instances should run, and where their user data says it
fleet.py      launch template versions, the group, its instances and their targets, as they are
refresh.py    one instance refresh from its start to its end
watch.py      the instances meanwhile, for people, logs and programs
function.py   the stack's function, which changes what a release changes
health.py     what says that all is well: alarms, targets, the health path through the CDN
stack_update.py  the stack's parameters updated to what its instances already run
migrate.py    one command on one instance before all others
build.py      an image from a folder, in the stack's own registry
deployment.py the same for a deployment, whose registry may not exist yet
save.py       the parameter file updated to the same
plan.py       what a release is of, and what is left of it to do
release.py    all of it in order, and the way back
"""
