# shellcheck shell=bash
: "${UNITS:?}" "${ROOT?}" "${METRIC_PERIOD:?}" "${METRIC_NAMESPACE:?}" "${GROUP_DIMENSION:?}"

install_services() {
    local units=(clinic-refresh.timer clinic-route.service)
    mkdir -p "${UNITS}"
    cat >"${UNITS}/clinic-refresh.service" <<'UNIT'
[Unit]
Description=Take up a new .env or password
After=docker.service network-online.target
[Service]
Type=oneshot
ExecStart=/usr/local/sbin/clinic-backend refresh
TimeoutStartSec=850
TimeoutStopSec=30
UNIT
    # The delay spreads the questions to AWS and the starts of containers.
    cat >"${UNITS}/clinic-refresh.timer" <<'UNIT'
[Timer]
OnCalendar=minutely
RandomizedDelaySec=20
AccuracySec=1
[Install]
WantedBy=timers.target
UNIT
    # A start of the machine takes the rule away.
    cat >"${UNITS}/clinic-route.service" <<'UNIT'
[Unit]
Description=Lead port 3000 to the container that serves
[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/usr/local/sbin/clinic-backend route
[Install]
WantedBy=multi-user.target
UNIT
    if [[ "${METRIC_PERIOD}" == 10 ]]; then
        units+=(clinic-cpu.service)
        cat >"${UNITS}/clinic-cpu.service" <<'UNIT'
[Unit]
Description=Publish the load
[Service]
ExecStart=/usr/local/sbin/clinic-backend publish-cpu
Restart=always
RestartSec=10
[Install]
WantedBy=multi-user.target
UNIT
    fi
    systemctl daemon-reload
    systemctl enable --now "${units[@]}"
}

# publish_cpu: until it is stopped, or a point is refused and systemd starts it anew. Time waiting
# for a disk is idle; time stolen by the host is load, the instance wanted it.
publish_cpu() {
    local user nice system idle iowait irq softirq steal total old_idle=0 old=0 tenths
    while true; do
        read -r _ user nice system idle iowait irq softirq steal _ <"${ROOT}/proc/stat"
        idle=$((idle + iowait))
        total=$((user + nice + system + idle + irq + softirq + steal))
        tenths=$((1000 - 1000 * (idle - old_idle) / (total - old)))
        if ((old > 0)); then put_metric "$((tenths / 10)).$((tenths % 10))"; fi
        old_idle=${idle} old=${total}
        sleep "${METRIC_PERIOD}"
    done
}

put_metric() {
    local point=MetricData.member.1
    form monitoring Action=PutMetricData Version=2010-08-01 "Namespace=${METRIC_NAMESPACE}" \
        "${point}.MetricName=CPUUtilization" "${point}.Unit=Percent" "${point}.Value=$1" \
        "${point}.StorageResolution=1" "${point}.Dimensions.member.1.Name=Environment" \
        "${point}.Dimensions.member.1.Value=${GROUP_DIMENSION}" >/dev/null
}
