from __future__ import annotations

import json

import pytest

from generator.layers.secrets import EXCLUDED_CHARACTERS
from tests.resolved import CERTIFICATE, ENVIRONMENTS, flat, of_type, properties, resources

CERTIFIED = {"AlbCertificateArn": CERTIFICATE, "AlbDomainName": "origin.clinic.example"}


def test_the_database_password_is_generated_and_the_user_is_the_operators():
    generate = properties("DatabaseSecret", DatabaseUser="clinic_owner")["GenerateSecretString"]
    assert json.loads(generate["SecretStringTemplate"]) == {"username": "clinic_owner"}
    assert generate["GenerateStringKey"] == "password"
    assert generate["PasswordLength"] >= 32


def test_a_password_has_no_character_that_rds_an_env_file_a_shell_or_a_url_minds():
    assert set("/\"@ '\\$`#%&+=:;?!{}[]") <= set(EXCLUDED_CHARACTERS)


def test_the_secret_header_exists_before_any_balancer_asks_for_it():
    # Else CloudFront would not send it yet when the balancer begins to ask: minutes of 403.
    for exposure in ("public", "cloudfront", "private"):
        chosen = {"AlbExposure": exposure, "CloudFrontPrefixListId": "pl-3b927c52"}
        assert set(of_type("AWS::SecretsManager::Secret", **chosen)) == {
            "DatabaseSecret",
            "OriginVerifySecret",
        }


@pytest.mark.parametrize("environment", ENVIRONMENTS)
@pytest.mark.parametrize("certified", [{}, CERTIFIED])
@pytest.mark.parametrize("value", ["first", "second"])
def test_the_balancer_knows_the_one_value_that_cloudfront_sends(environment, certified, value):
    chosen = {**certified, "OriginHeader": value}
    [rule] = of_type("AWS::ElasticLoadBalancingV2::ListenerRule", environment, **chosen).values()
    [condition] = rule["Conditions"]
    config = properties("Distribution", environment, **chosen)["DistributionConfig"]
    [header] = [sent for o in config["Origins"] for sent in o.get("OriginCustomHeaders", [])]
    assert condition["HttpHeaderConfig"] == {
        "HttpHeaderName": header["HeaderName"],
        "Values": [header["HeaderValue"]],
    }
    secrets = set(of_type("AWS::SecretsManager::Secret", environment, **chosen))
    [used] = secrets - {"DatabaseSecret"}
    assert header["HeaderValue"]["Fn::Join"][1][1] == {"Ref": used}


def test_the_rules_of_both_values_fit_on_one_listener_at_a_time():
    numbers = [
        rule["Properties"]["Priority"]
        for rule in flat()["Resources"].values()
        if rule["Type"] == "AWS::ElasticLoadBalancingV2::ListenerRule"
    ]
    assert len(numbers) == len(set(numbers)) == 4


def test_the_customers_key_rotates_and_outlives_the_stack():
    key = resources(CustomerKey="true")["CustomerKeyResource"]
    assert key["Properties"]["EnableKeyRotation"] is True
    assert key["DeletionPolicy"] == "RetainExceptOnCreate"
    assert key["UpdateReplacePolicy"] == "Retain"


def test_the_customers_key_encrypts_everything_that_can_take_a_key():
    keyed = {
        name
        for name, resource in resources("prod").items()
        if "CustomerKeyResource" in json.dumps(resource.get("Properties", {}))
    }
    assert {
        "DatabaseSecret",
        "Database",
        "ConfigurationBucket",
        "DocumentsBucket",
        "ImageRepository",
        "BackendLogGroupResource",
        "AlarmTopic",
        "BackupVault",
        "RotationLogGroup",
    } <= keyed


def test_without_a_key_of_the_customers_nothing_mentions_one():
    assert "CustomerKeyResource" not in json.dumps(resources("seed"))


def test_no_template_holds_a_secret_in_a_default():
    for name, declared in flat()["Parameters"].items():
        if any(word in name.lower() for word in ("password", "secret", "token", "key")):
            assert declared["Default"] in ("", 0, "false"), name
