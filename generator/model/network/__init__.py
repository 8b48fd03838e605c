"""The network that templates describe: VPCs, subnets, routes, security group rules, interfaces.

addresses.py, ports.py   ranges of addresses and sets of ports
routes.py     VPCs, subnets, network ACLs and where route tables lead
groups.py     security group rules, prefix lists
stations.py   what has a network interface: balancers, instances, databases, ...
"""
