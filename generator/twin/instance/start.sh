#!/bin/bash
# Process 1 of an instance, in mount, process and network namespaces of its own: a machine whose /usr
# is this machine's, read as it is, and whose /etc, /var and /usr/local are its own. Then the user
# data, as cloud-init runs it.
#     start.sh FOLDER PROGRAMS
# FOLDER holds user-data, hosts, ca-bundle.crt, settings (NAME=VALUE lines) and binds (FROM TO lines);
# for a real Docker also docker: its client's path, the image's archive and a control group, a line each.
set -euo pipefail
folder=$1 programs=$2 root=$1/root
mkdir -p "${root}"
mount -t tmpfs -o mode=755 tmpfs "${root}"
cd "${root}"
mkdir -p proc dev tmp run root home/ubuntu usr sys etc/ssl/certs etc/systemd/system var/log \
    var/tmp var/lib/cloud/instance/scripts var/lib/twin
chmod 1777 tmp
mount --rbind /usr usr
if [[ -e "${folder}/docker" ]]; then
    mapfile -t docker <"${folder}/docker"
    touch var/lib/twin/client var/lib/twin/image.tar
    mount --bind "${docker[0]}" var/lib/twin/client
    mount --bind "${docker[1]}" var/lib/twin/image.tar
    echo "${docker[2]}" >var/lib/twin/group
    mkdir var/lib/twin/local
    mount --rbind /usr/local var/lib/twin/local
    mount -t sysfs sysfs sys
    mount --rbind /sys/fs/cgroup sys/fs/cgroup
    ln -s /run var/run
fi
mount -t tmpfs tmpfs usr/local
mkdir -p usr/local/bin usr/local/sbin
for name in bin sbin lib lib64; do ln -s "usr/${name}" "${name}"; done
for name in nsswitch.conf ld.so.cache ld.so.conf ld.so.conf.d alternatives protocols services; do
    [[ ! -e "/etc/${name}" ]] || cp -a "/etc/${name}" etc/
done
printf 'root:x:0:0::/root:/bin/bash\nubuntu:x:1000:1000::/home/ubuntu:/bin/bash\n' >etc/passwd
printf 'root:x:0:\nubuntu:x:1000:\ndocker:x:999:\n' >etc/group
mount -t proc proc proc
mount -t tmpfs -o mode=755 tmpfs dev
for name in null zero full random urandom; do
    touch "dev/${name}"
    mount --bind "/dev/${name}" "dev/${name}"
done
ln -s /proc/self/fd dev/fd
for name in 0:stdin 1:stdout 2:stderr; do ln -s "/proc/self/fd/${name%:*}" "dev/${name#*:}"; done
touch dev/console
mkdir run/netns
cp "${folder}/hosts" etc/hosts
cp "${folder}/ca-bundle.crt" etc/ssl/certs/ca-certificates.crt
while read -r from to; do
    [[ -n "${from}" ]] || continue
    mkdir -p ".${to}"
    mount --bind "${from}" ".${to}"
done <"${folder}/binds"
cp -r "${programs}" var/lib/twin/programs
[[ ! -e "${folder}/docker" ]] || cp "${programs%/*}"/docker/* var/lib/twin/programs/
cp "${folder}/image/image.json" var/lib/twin/
# Docker is there once it is installed, as on Ubuntu.
[[ ! -e usr/bin/docker ]] || mount --bind /dev/null usr/bin/docker
for program in var/lib/twin/programs/*; do
    name=${program##*/}
    [[ "${name}" == docker ]] || install -m 0755 "${program}" "usr/local/bin/${name}"
done
install -m 0700 "${folder}/user-data" var/lib/cloud/instance/scripts/part-001
mapfile -t settings <"${folder}/settings"
status=0
env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "${settings[@]}" \
    chroot . /var/lib/cloud/instance/scripts/part-001 >"${folder}/output" 2>&1 || status=$?
echo "${status}" >"${folder}/exit.new"
mv "${folder}/exit.new" "${folder}/exit"
while true; do
    sleep 1000 &
    wait $!
done
