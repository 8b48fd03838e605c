"""Everything that talks to AWS, behind a connection that is passed in.

aws.py           the connection, and what its errors mean to a person
environment.py   what is deployed: a set of templates with checked parameters
stacks.py        stacks, their states, resources and events as the service tells them
artifacts.py     the bucket and the upload
change_set.py    a change set from its making to its end
preview.py       what an update will change, by the templates (checks/changes.py) and the service
gate.py          what would cost data, and the permission it needs
follow.py        an operation in progress, event by event
progress.py      the same for people, logs and programs
ask.py           asks the person at the terminal
explained.py     aws.py's word on a refusal, for commands that have not imported it
deploy.py        all of it in order
witness.py       what a group, its targets and its instances can tell
diagnose.py      the first cause of a failure (catalogue.py: what it usually means)
status.py        what there is now
recover.py       out of every state that takes no update
destroy.py       away with it (fate.py: what is lost and what is kept)
stack_set.py     in many accounts and regions (instances.py)
text.py          a service's text on a person's terminal
pricing.py       what AWS says that a unit costs
policies.py      the policies of one environment in one region

Which endpoint answers is the connection's business alone.
"""
