#!/bin/bash
# Runs in the virtual machine at each of its two starts, and says on the serial port what it saw:
# lines "PROOF name: yes|no (what)".
set -u
cd /proof || exit
documents=/var/lib/clinic-backend/documents

proof() {
    local name=$1 said
    shift
    if said=$("$@" 2>&1); then echo "PROOF ${name}: yes"; else echo "PROOF ${name}: no (${said//$'\n'/; })"; fi
}
not() { ! "$@"; }

certificate() {
    ln -sfn "$1.pem" server.pem
    systemctl restart efs
}

# The program as the user data has it, with the function that mounts as what it does.
mounts() {
    env STATE=/var/lib/clinic-backend "MOUNT_SECONDS=$1" POLL_SECONDS=2 bash ./mount_documents >>mounting.log 2>&1
}

has_options() {
    local options word
    options=$(findmnt -no FSTYPE,OPTIONS "${documents}")
    echo "${options}"
    for word in nfs4 vers=4.1 rsize=1048576 wsize=1048576 hard timeo=600 retrans=2 noresvport port=20049; do
        [[ "${options}" == *"${word}"* ]] || return 1
    done
}

# Another instance: a network of its own, with the same tunnel and the same line of fstab.
other() {
    local options
    options=$(sed -nE 's/^127.* nfs4 (\S+),_netdev.*/\1/p' /etc/fstab)
    ip netns add other
    ip link add here type veth peer name there netns other
    ip addr add 192.0.2.1/24 dev here && ip link set here up
    ip -n other addr add 192.0.2.2/24 dev there && ip -n other link set there up && ip -n other link set lo up
    sed "s/^connect = .*/connect = 192.0.2.1:2049/" /etc/clinic-documents.conf >other.conf
    ip netns exec other stunnel4 other.conf >other.log 2>&1 &
    sleep 5
    mkdir -p /mnt/other
    nsenter --net=/run/netns/other mount -t nfs4 -o "${options}" 127.0.0.1:/ /mnt/other
}

written_in_the_meantime() {
    local writer
    systemctl stop efs
    echo "while away" >"${documents}/late" &
    writer=$!
    sleep 15
    kill -0 "${writer}" || { echo "did not wait" && return 1; }
    systemctl start efs
    timeout 180 tail --pid "${writer}" -f /dev/null
    grep -q "while away" /srv/efs/late
}

first() {
    certificate stranger
    proof "a certificate of an unknown authority mounts nothing" not mounts 15
    certificate other
    proof "a certificate for another name mounts nothing" not mounts 15
    proof "nobody can write into the folder meanwhile" not touch "${documents}/lost"
    certificate right
    proof "the file system is mounted" mounts 300
    proof "the folder is a mount point" mountpoint "${documents}"
    proof "the kernel took AWS's options" has_options
    proof "a second run changes nothing" mounts 60
    python3 wire.py 60 >wire.log 2>&1 &
    local listener=$!
    sleep 5
    echo "receta-de-ana" >"${documents}/letter"
    sync "${documents}/letter"
    kill -INT "${listener}"; wait "${listener}"
    proof "the document is at the server" grep -q receta-de-ana /srv/efs/letter
    proof "in front of the tunnel it is seen" grep -q "20049 seen" wire.log
    proof "on the wire there was traffic" grep -q "2049 traffic" wire.log
    proof "on the wire it is not seen" not grep -q "^2049 seen" wire.log
    proof "another instance mounts it too" other
    proof "another instance reads it" grep -q receta-de-ana /mnt/other/letter
    proof "the image's user may write" setpriv --reuid 1000 --regid 1000 --clear-groups sh -c "echo x >${documents}/by-1000"
    proof "a server that comes back gets what was written meanwhile" written_in_the_meantime
    systemctl kill -s KILL clinic-documents
    proof "a tunnel that dies comes back" timeout 120 sh -c "echo again >${documents}/again && sync ${documents}/again"
    touch second
    umount -l /mnt/other
    systemctl reboot
}

second() {
    proof "after a restart Docker started behind the mount" grep -qx mounted docker-saw
    proof "after a restart the document is there" grep -q receta-de-ana "${documents}/letter"
    systemctl poweroff
}

exec >/dev/ttyS0 2>&1
if [[ -e second ]]; then second; else first; fi
