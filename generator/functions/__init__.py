"""Code that Lambda and CloudFront run; the templates carry it inline (4 MB and 10,240 bytes).

close_default_group.py   custom resource: the VPC's default security group loses its rules
keep_database_logs.py    custom resource: RDS's log groups get an end and the customer's key
release_backend.py       what `clinic release` changes, for whoever may do none of it alone
rotate_password.py       Secrets Manager rotation of the database's master password
route_spa.js             CloudFront viewer request: paths of the single-page application
"""
