"""The launch template: what every instance of the backend is made of."""

from __future__ import annotations

from troposphere import Base64, Template, ec2

from generator.layer import Name, Values
from generator.layers.identity import INSTANCE_PROFILE_ARN
from generator.layers.perimeter import INSTANCE_PUBLIC_ADDRESS
from generator.layers.security import BACKEND_SECURITY_GROUP_ID
from generator.layers.shared import choice, tags

INSTANCE_TYPE = choice(
    "InstanceType",
    "Size of a backend instance. A micro builds an image with the help of swap.",
    "t3.micro",
    "t2.micro",
    "t3.small",
    "t3.medium",
    "t3.large",
)
MACHINE_IMAGE = Name(
    "MachineImage",
    Type="String",
    Default="resolve:ssm:/aws/service/canonical/ubuntu/server/24.04/stable/current/amd64/hvm/"
    "ebs-gp3/ami-id",
    Description="Ubuntu Server 24.04 LTS for amd64: an AMI id, or resolve:ssm: and a public "
    "parameter, which EC2 reads at each launch, so that a new AMI replaces nobody by itself.",
    AllowedPattern=r"^(ami-[0-9a-f]{8,17}|resolve:ssm:/[A-Za-z0-9/_.-]{1,200})$",
    ConstraintDescription="An id such as ami-0123456789abcdef0, or resolve:ssm:/aws/service/...",
)
CPU_CREDITS = choice(
    "CpuCredits",
    "unlimited: a busy instance may cost more. standard: it slows down instead, and a tired one "
    "never reaches the target that would make the group grow.",
    "unlimited",
    "standard",
)

VOLUME_GIB = 16


def launch_template(template: Template, values: Values, user_data: Base64) -> ec2.LaunchTemplate:
    disk = ec2.LaunchTemplateBlockDeviceMapping(
        DeviceName="/dev/sda1",
        Ebs=ec2.EBSBlockDevice(
            VolumeSize=VOLUME_GIB, VolumeType="gp3", Encrypted=True, DeleteOnTermination=True
        ),
    )
    interface = ec2.NetworkInterfaces(
        DeviceIndex=0,
        AssociatePublicIpAddress=values[INSTANCE_PUBLIC_ADDRESS],
        Groups=[values[BACKEND_SECURITY_GROUP_ID]],
        DeleteOnTermination=True,
    )
    data = ec2.LaunchTemplateData(
        ImageId=values[MACHINE_IMAGE],
        InstanceType=values[INSTANCE_TYPE],
        IamInstanceProfile=ec2.IamInstanceProfile(Arn=values[INSTANCE_PROFILE_ARN]),
        # One hop: the container must not become whoever its host is; it gets what it needs by file.
        MetadataOptions=ec2.MetadataOptions(
            HttpEndpoint="enabled", HttpTokens="required", HttpPutResponseHopLimit=1
        ),
        Monitoring=ec2.Monitoring(Enabled=True),
        CreditSpecification=ec2.LaunchTemplateCreditSpecification(CpuCredits=values[CPU_CREDITS]),
        BlockDeviceMappings=[disk],
        NetworkInterfaces=[interface],
        TagSpecifications=[
            ec2.TagSpecifications(ResourceType=kind, Tags=tags(values, "backend"))
            for kind in ("instance", "volume")
        ],
        UserData=user_data,
    )
    return template.add_resource(
        ec2.LaunchTemplate(
            "LaunchTemplate",
            LaunchTemplateData=data,
            TagSpecifications=[
                ec2.TagSpecifications(
                    ResourceType="launch-template", Tags=tags(values, "launch-template")
                )
            ],
        )
    )
