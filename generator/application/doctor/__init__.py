"""What is wrong with each instance and target, in a sentence, and what to do.

instance.py   what is known of one instance, and how it is read
examine.py    what is wrong with an instance: a pure function of what is known of it
group.py      what the group itself has
doctor.py     ask, examine, report
command.py    the command: parse, call, print

What the words of logs and services mean is in generator/cloud/instance.toml and catalogue.toml,
which a failing `clinic deploy` reads too.
"""
