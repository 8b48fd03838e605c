"""Parameter files and their values: read, and judged as CloudFormation would."""
