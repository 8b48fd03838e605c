"""Each trap of the catalogue speaks up at the words that the service really uses."""

from __future__ import annotations

import re

import pytest

from generator.cloud import catalogue

S3 = "(Service: S3, Status Code: 409, Request ID: ABC, Extended Request ID: x)"
FAILED = "i-1/boot: --- DEPLOYMENT FAILED: "
SAID = {
    # The boot log
    "ERROR: toomanyrequests: You have reached your unauthenticated pull rate limit": "Docker Hub",
    f"{FAILED}DOWNLOADING THE CONFIGURATION (status 65) ---": "The backend's .env",
    f"{FAILED}PULLING 111122223333.dkr.ecr.eu-west-1.amazonaws.com/b:1 (status 1) ---": "no such",
    "pull access denied for clinic/backend, repository does not exist or may require login": "tag",
    f"{FAILED}CLONING THE REPOSITORY (status 128) ---": "build the image",
    f"{FAILED}BUILDING THE DOCKER IMAGE (status 1) ---": "build the image",
    f"{FAILED}INSTALLING DOCKER (status 100) ---": "no way to the internet",
    f"{FAILED}WAITING FOR THE DATABASE (status 1) ---": "database did not answer",
    f"{FAILED}WAITING FOR THE BACKEND (status 1) ---": "health path never answered",
    f"{FAILED}ADDING SWAP (status 1) ---": "stopped at: ADDING SWAP.",
    # Capacity and quotas
    "Your requested instance type (t2.micro) is not supported in your requested Availability Zone "
    "(us-east-1e). Please retry": "does not offer this instance type",
    "You have requested more vCPU capacity than your current vCPU limit of 1 allows": "CPUs",
    "We currently do not have sufficient t3.micro capacity in the Availability Zone you requested "
    "(us-east-1a)": "no machine of this type left",
    "Template error: Fn::Select  cannot select nonexistent value at index 1": "default subnet",
    "Value (us-east-1f) for parameter availabilityZone is invalid.": "default subnet",
    "The maximum number of addresses has been reached. (Service: Ec2, Status Code: 400)": "Elastic",
    "The maximum number of VPCs has been reached. (Service: Ec2, Status Code: 400)": "VPCs",
    "The maximum number of rules per security group has been reached.": "counts as 55 rules",
    "The prefix list ID 'pl-3b927c52' does not exist": "not a list of this region",
    "The image id '[ami-0123456789abcdef0]' does not exist": "machine image does not exist",
    "Specified ReservedConcurrentExecutions for function decreases account's "
    "UnreservedConcurrentExecution below its minimum value of [10].": "Lambda",
    # Edge
    "Access denied for operation 'AWS::CloudFront::Distribution: Your account must be verified "
    "before you can add new CloudFront resources.'": "not yet verified",
    "One or more of the CNAMEs you provided are already associated with a different resource. "
    "(Service: CloudFront, Status Code: 409)": "Another distribution",
    "The certificate that is attached to your distribution doesn't cover the alternate domain "
    "name (CNAME) that you're trying to add.": "does not name DomainName",
    "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or "
    "doesn't include a valid certificate chain.": "us-east-1 only",
    "The certificate 'arn:aws:acm:eu-west-1:111122223333:certificate/1' must have a fully-qualified"
    " domain name, a supported signature, and a supported key size.": "balancer's certificate",
    "Error reason: The scope is not valid., field: SCOPE_VALUE, parameter: REGIONAL "
    "(WAFInvalidParameterException)": "wrong scope",
    "Invalid request provided: AWS::CloudFront::Distribution: Web ACL is not accessible by the "
    "requester": "wrong scope",
    "OriginAccessControlAlreadyExists: An origin access control with the same name already "
    "exists.": "left over in CloudFront",
    # Data
    "Cannot find version 99 for postgres (Service: Rds, Status Code: 400)": "PostgreSQL version",
    "Cannot upgrade postgres from 17 to 16": "major version",
    "DBSnapshot not found: before-the-move (Service: Rds, Status Code: 404)": "to restore",
    "RDS does not support creating a DB instance with the following combination: "
    "DBInstanceClass=db.m6g.large, Engine=postgres": "database class",
    "The specified backup retention period exceeds the maximum available to free tier customers. "
    "(Service: Rds, Error Code: FreeTierRestrictionError)": "free plan",
    "Cannot delete protected DB Instance, please disable deletion protection and try again.": "on,",
    "Load balancer 'arn:x' cannot be deleted because deletion protection is enabled": "on, as it",
    "You can't create this secret because a secret with this name is already scheduled for "
    "deletion.": "was deleted lately",
    f"The bucket you tried to delete is not empty {S3}": "still holds objects",
    f"clinic-dev-frontendbucket-1 already exists {S3}": "A bucket of this name",
    "Access Denied for bucket: clinic-dev-logs. Please check S3bucket permission": "its log",
    "The specified S3 bucket does not enable ACL access: x": "accepts access lists",
    "Resource of type 'AWS::Logs::LogGroup' with identifier 'x' already exists.": "log group of",
    "KMS key arn:aws:kms:eu-west-1:111122223333:key/1 is disabled": "switched off",
    # CloudFormation and permissions
    "Requires capabilities : [CAPABILITY_IAM]": "did not allow that (CAPABILITY_IAM)",
    "User: arn:aws:iam::111122223333:user/eve is not authorized to perform: ec2:CreateVpc on "
    "resource: x because no identity-based policy allows it": "missing: ec2:CreateVpc.",
    "You are not authorized to perform this operation. Encoded authorization failure message: "
    "abc": "hides which one",
    "Export clinic-dev-VpcId cannot be deleted as it is in use by other": "imports clinic-dev-V",
    "1 validation error detected: Value '1dev' at 'stackName' failed to satisfy constraint: Member "
    "must satisfy regular expression pattern": "stack's name",
    "S3 error: Access Denied. For more information check http://docs.aws.amazon.com": "a template",
    "resource sg-0123456789abcdef0 has a dependent object (Service: Ec2)": "network interface",
    "Received 0 SUCCESS signal(s) out of 1.  Unable to satisfy 100% MinSuccessfulInstancesPercent "
    "requirement": "Not enough instances",
    "Failed to receive 2 resource signal(s) within the specified duration": "Not enough instances",
    "Received FAILURE signal with UniqueId i-0123": "Not enough instances",
    "Exceeded attempts to wait": "did not finish",
    "Rate exceeded (Service: AmazonCloudFormation; Status Code: 400)": "slow down",
    "clinic-thing already exists (HandlerErrorCode: AlreadyExists)": "outside the stack",
    "Access Denied": "A permission is missing.",
}


@pytest.mark.parametrize("sentence", SAID)
def test_the_sentence_of_a_service_is_explained(sentence: str) -> None:
    found = catalogue.look_up(sentence)
    assert found, sentence
    assert SAID[sentence] in found.meaning


def test_every_trap_is_met_by_a_sentence() -> None:
    """What goes wrong on an instance is met by recorded logs: tests/application/doctor."""
    met = {trap.says for sentence in SAID if (trap := catalogue.look_up(sentence))}
    others = catalogue.traps()[len(catalogue.on_instances()) :]
    assert [trap.meaning for trap in others if trap.says not in met] == []
    assert len(catalogue.traps()) >= 25


def test_every_trap_says_what_to_do_in_whole_sentences() -> None:
    for trap in catalogue.traps():
        for text in (trap.meaning, trap.advice):
            assert re.fullmatch(r"\S.{20,}[^\s.]\.", text, re.DOTALL), text
            assert "\n" not in text


def test_the_boot_log_explains_a_missing_signal() -> None:
    found = catalogue.look_up(
        "Received 0 SUCCESS signal(s) out of 1.", f"{FAILED}DOWNLOADING THE CONFIGURATION (status"
    )
    assert found
    assert "The backend's .env" in found.meaning


def test_what_nobody_knows_is_not_guessed() -> None:
    assert catalogue.look_up("The moon is in the wrong house", "") is None
