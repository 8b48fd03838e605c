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
"""
