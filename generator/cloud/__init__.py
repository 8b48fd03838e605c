"""Everything that calls AWS, through a connection (`aws.Aws`) that is passed in.

clients.py       the types of boto3's clients
aws.py           the connection, and what its errors mean and what to do
environment.py   what is deployed: a set of templates with checked parameters
stacks.py        stacks, their states, resources and events as CloudFormation reports them
artifacts.py     the bucket and the upload
change_set.py    a change set from its creation to its execution or deletion
preview.py       what an update will change, by the templates (checks/changes/) and the service
change_guard.py  what stops a change set: refused by AWS, or losing data unasked
follow.py        the events of an operation in progress
progress.py      those events printed for people, logs and programs
ask.py           asks the person at the terminal
explained.py     aws.explained() for commands, which must not import boto3 early
boundary.py      the account's permissions boundary, where the parameters name none
zones.py         whether VPC origins work in the zones of a deployment
omissions.py     what an environment for production leaves empty
deploy.py        `clinic deploy`: all of these steps in order
backend.py       the Auto Scaling group, its targets and activities, its instances' logs
diagnose.py      the first cause of a failure (catalogue.py: what it usually means)
status.py        the stack, its resources and outputs, and its drift
recover.py       repairs a stack in a state that takes no update
destroy.py       the deletion of a stack (deletion.py: what is lost and what is kept)
stack_set.py     a StackSet in many accounts and regions (stack_instances.py)
text.py          text of a service, safe to print on a terminal
pricing.py       prices of the AWS Price List Query API
rights.py        which policy allows an action that AWS has denied
policies.py      the policies of one environment in one region

Only the connection knows whether AWS or a local endpoint answers.
"""
