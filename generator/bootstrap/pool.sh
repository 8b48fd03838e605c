# shellcheck shell=bash
: "${ROOT?}" "${STATE:?}" "${INSTANCE:?}" "${HEALTH_SECONDS:?}"

# For a group with a warm pool. Auto Scaling stops an instance of the pool as soon as it has
# launched, whatever it is doing; the group's hook makes it wait, here and after each waking.

# ready: this instance may serve, or be stopped until it is wanted; then cloud-init runs `wake`.
ready() {
    local group
    install -D -m 0755 /dev/stdin "${ROOT}/var/lib/cloud/scripts/per-boot/wake" \
        <<<$'#!/bin/sh\n/usr/local/sbin/clinic-backend wake'
    group=$(form autoscaling Action=DescribeAutoScalingInstances Version=2011-01-01 \
        "InstanceIds.member.1=${INSTANCE}")
    group=$(sed -nE 's|.*<AutoScalingGroupName>([^<]+)<.*|\1|p' <<<"${group}")
    form autoscaling Action=CompleteLifecycleAction Version=2011-01-01 LifecycleHookName=boot \
        "AutoScalingGroupName=${group}" "InstanceId=${INSTANCE}" \
        LifecycleActionResult=CONTINUE >/dev/null
}

# serves: one that slept through two rotations has lost its database user; refresh puts another one in
# its place.
serves() {
    local name
    name=$(serving)
    healthy "${name}"
}

# wake: user data runs at the first start only; Docker starts the container at every one. The
# update that gives up the pool draws on it once more, and waits for a signal.
wake() {
    cd "${STATE}" || exit
    INSTANCE=$(imds instance-id)
    wait_for "${HEALTH_SECONDS}" "the container" serves
    signal SUCCESS || true
    ready
}
