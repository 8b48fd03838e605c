"""Everything that talks to AWS, behind a connection that is passed in.

aws.py           the connection, and what its errors mean to a person
environment.py   what is deployed: a set of templates with checked parameters
stacks.py        stacks, their states, resources and events as the service reports them
artifacts.py     the bucket and the upload
change_set.py    a change set from its making to its end
preview.py       what an update will change, by the templates (checks/changes/) and the service
change_guard.py  what stops a change set: refused by AWS, or losing data unasked
follow.py        an operation in progress, event by event
progress.py      the same for people, logs and programs
deploy.py        all of it in order
backend.py       the Auto Scaling group, its targets and activities, its instances' logs
diagnose.py      the first cause of a failure (catalogue.py: what it usually means)
status.py        what there is now
recover.py       out of every state that takes no update
destroy.py       the deletion of a stack (deletion.py: what is lost and what is kept)
stack_set.py     in many accounts and regions (stack_instances.py)
text.py          a service's text on a person's terminal
pricing.py       what AWS says that a unit costs

Which endpoint answers is the connection's business alone.
"""
