"""What a month of an environment costs, told by its templates and a dated price list.

prices.toml      unit prices of AWS's public list, each with its day and source
prices.py        reads them, and says which are old
usage.py         assumptions: hours, load, traffic, volumes
bill.py          a line item is a quantity times a unit price; a bill is their sum
launched.py      an Auto Scaling group as it runs under a load
network.py       NAT gateways, addresses, endpoints, the load balancer
compute.py       instances, their CPU credits and volumes, the warm pool
database.py      RDS, its storage and its backups
storage.py       buckets, registry, secrets, keys, functions
telemetry.py     alarms, metrics, dashboards, logs
edge.py          the CDN, web ACLs, names
components.py    which resource types cost what, and which cost nothing; the bill
choices.py       what another value of each parameter would cost, and another load
report.py        all of it for people and for programs (screen.py: shown)
estimate.py      the month of one environment, with its choices

Nothing here reads a clock or the network. The command is in generator/commands/cost.py, beside the
one part that asks AWS.
"""
