"""A web application of the classic shape on AWS, as CloudFormation templates made in Python.

Read in this order:

architecture.py   the table of contents: the layers and what the root shows of them
layer.py          what a layer is
assemble.py       the same layers as nested stacks or as one flat template
console.py        how the console asks for the parameters
layers/           one module per layer; shared.py for what several of them use, parts/ for what
                  would make one too long
functions/        code that Lambda and CloudFront run
bootstrap/        what an instance runs at birth: real shell files
policies/         IAM policies for the people and pipelines that deploy, publish, release, operate
plain.py          templates as plain data
output.py         renders everything and writes the output folder whole or not at all
pages/            the pages of docs/ that are made from the templates
files.py          writes a file that a person names whole or not at all
checks/           what is proven offline: parameters, lint, limits, who reaches whom, what changes,
                  what it takes and costs
cloud/            everything that talks to AWS, behind clients that are passed in
application/      what puts the application on the cloud and keeps it well, a package per command
local/            the embedded AWS endpoint for rehearsals without an account
options.py        options that several commands share
tables.py         tables on a terminal and in a pipe
errors.py         what a person is told instead of a traceback
shipped.py        reads files that ship with the package
cli.py            the `clinic` command: its groups, and the commands that make and check templates

Dependencies point one way:
cli -> local, application, cloud -> checks -> output -> policies -> architecture -> layers -> layer.
"""

__version__ = "0.1.0"
