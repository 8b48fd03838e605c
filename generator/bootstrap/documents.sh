# shellcheck shell=bash
: "${DOCUMENTS:?}" "${DOCUMENTS_FILE_SYSTEM?}" "${MOUNT_SECONDS:?}" "${REGION:?}" "${UNITS:?}" "${ROOT?}"

# mount_documents: the documents' file system at ${DOCUMENTS}, now and at every start of this
# machine before Docker's. Ubuntu's archive lacks AWS's mount helper; this does as it does: stunnel
# in front of the kernel's NFS, with AWS's recommended options.
mount_documents() {
    [[ -n "${DOCUMENTS_FILE_SYSTEM}" ]] || return 0
    step "MOUNTING THE DOCUMENTS" "Has ${DOCUMENTS_FILE_SYSTEM} a mount target here, open on 2049? \
And journalctl -u clinic-documents?"
    mkdir -p "${DOCUMENTS}"
    # Whoever writes while nothing is mounted must fail, not fill this machine's own disk.
    mountpoint -q "${DOCUMENTS}" || chattr +i "${DOCUMENTS}"
    documents_units "${DOCUMENTS_FILE_SYSTEM}.efs.${REGION}.amazonaws.com"
    systemctl daemon-reload
    systemctl enable --now clinic-documents
    # A new mount target's name is known after up to 90 s.
    wait_for "${MOUNT_SECONDS}" "the documents' file system" documents_mounted
}

# documents_units HOST: TLS as a service, the mount behind it, and Docker behind the mount.
documents_units() {
    local mount=nfsvers=4.1,rsize=1048576,wsize=1048576,hard,timeo=600,retrans=2,noresvport
    mkdir -p "${UNITS}/docker.service.d" "${ROOT}/etc"
    cat >"${ROOT}/etc/clinic-documents.conf" <<TUNNEL
foreground = yes
pid =
[documents]
client = yes
accept = 127.0.0.1:20049
connect = $1:2049
delay = yes
sslVersionMin = TLSv1.2
CAfile = /etc/ssl/certs/ca-certificates.crt
verifyChain = yes
checkHost = $1
TUNNEL
    cat >"${UNITS}/clinic-documents.service" <<'UNIT'
[Unit]
Description=TLS to the documents
Wants=network-online.target
After=network-online.target
StartLimitIntervalSec=0
[Service]
ExecStart=/usr/bin/stunnel4 /etc/clinic-documents.conf
DynamicUser=yes
Restart=always
RestartSec=1
[Install]
WantedBy=multi-user.target
UNIT
    printf '[Unit]\nRequiresMountsFor=%s\n' "${DOCUMENTS}" \
        >"${UNITS}/docker.service.d/documents.conf"
    mount+=,port=20049,_netdev,x-systemd.requires=clinic-documents.service
    grep -qs clinic-documents "${ROOT}/etc/fstab" ||
        echo "127.0.0.1:/ ${DOCUMENTS} nfs4 ${mount} 0 0" >>"${ROOT}/etc/fstab"
}

# documents_mounted: mounts them unless they are, and tries whether a file can be written.
documents_mounted() {
    local probe
    mountpoint -q "${DOCUMENTS}" || timeout -s KILL 60 mount "${DOCUMENTS}" || return 1
    probe=$(mktemp "${DOCUMENTS}/.boot-XXXXXX") && rm "${probe}"
}
