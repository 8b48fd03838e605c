"""A web application of the classic shape on AWS, as CloudFormation templates made in Python.

Read in this order:

architecture.py   the table of contents: the layers and what the root shows of them
layer.py          what a layer is
assemble.py       the same layers as nested stacks or as one flat template
console.py        how the console asks for the parameters
layers/           one module or package per layer; shared/ for what several of them use
functions/        code that Lambda and CloudFront run
bootstrap/        what an instance runs at birth: real shell files
policies/         IAM policies for the people and pipelines that deploy, publish, release, operate
plain.py          templates as plain data
output.py         renders everything and writes the output folder whole or not at all
pages/            the pages of docs/ that are made from the templates
files.py          writes a file that a person names whole or not at all
parameters/       parameter files and their values, judged as CloudFormation would
model/            a set of templates as one environment would deploy it
checks/           what is proven offline: lint, limits, who reaches whom, what changes, how long
                  it takes, what it costs
cloud/            everything that talks to AWS, behind clients that are passed in
application/      what puts the application on the cloud and keeps it well, a package per command
local/            the embedded AWS endpoint for rehearsals without an account
options.py        options that several commands share
lazy.py           a group of commands that are imported when they are called
report.py         what a command says: text, or one JSON object a line
tables.py         tables on a terminal and in a pipe
errors.py         what a person is told instead of a traceback
shipped.py        reads files that ship with the package
twin/             the templates running on one Linux machine
limits.py         limits of CloudFormation and EC2
svg.py            what a picture is made of
commands/         the `clinic` command: one file a command

Dependencies point one way:
commands -> twin -> local, application, cloud -> checks -> model, parameters -> output ->
policies -> architecture -> layers -> layer.
"""

__version__ = "0.1.0"
