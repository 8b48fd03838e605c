"""The generated templates, running on one Linux machine.

deployed.py       one environment in the embedded endpoint, and its templates resolved
network_plan.py   the network that they describe
network.py        ... built of namespaces, policy routing and nftables
services.py       AWS's services under their own names; authorization.py decides by the policies
metadata.py       the instance metadata service
database.py       PostgreSQL
balancer.py       HAProxy
cdn.py            nginx; locations.py says what it does with a request
instances.py      instances that boot the user data as it is
enacted.py        what is done with each property: enacted, approximated or ignored
packets.py        what passes, against `clinic prove`
counters.py       packets by security group rule
names.py          host names, as a hosts file
certificates.py   a certificate authority for AWS's names
namespaces.py     sockets, threads and programs in network namespaces
image.py          what runs in the containers (docker.py: with a real Docker on each instance)
load.py           requests at a steady rate (stress.py: during a change)
twin.py           stands one environment up, part by part
prove.py          the probes, one row a promise
functions.py      the templates' Lambda functions (rotation.py: a password rotation)
refresh.py        instance refreshes
visitor.py        a person in a browser: registers, logs in, asks for patients
rehearse.py       the twin as a step of `clinic rehearse`
stand.py          what `clinic twin` does, in order
"""
