"""What is wrong with each instance and target, in a sentence, and what to do.

patient.py    an instance with all that is known of it, and how it is asked for
examine.py    what a patient has: a pure function over its logs, target and credits
group.py      what the group itself has
doctor.py     ask, examine, report

What the words of logs and services mean is in generator/cloud/instance.toml and catalogue.toml,
which a failing `clinic deploy` reads too.
"""
