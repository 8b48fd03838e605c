# shellcheck shell=bash
: "${UNITS:?}" "${ROOT?}" "${METRIC_PERIOD:?}" "${METRIC_NAMESPACE:?}" "${GROUP_DIMENSION:?}"
: "${CPU_SECONDS:?}"

install_services() {
    mkdir -p "${UNITS}"
    cat >"${UNITS}/clinic-refresh.service" <<'UNIT'
[Unit]
Description=Restart the backend when the database's secret has changed
After=docker.service network-online.target
[Service]
Type=oneshot
ExecStart=/usr/local/sbin/clinic-backend refresh
TimeoutStartSec=300
UNIT
    # The delay is random so that two instances do not restart in the same second.
    cat >"${UNITS}/clinic-refresh.timer" <<'UNIT'
[Timer]
OnCalendar=minutely
RandomizedDelaySec=45
AccuracySec=1
[Install]
WantedBy=timers.target
UNIT
    if [[ "${METRIC_PERIOD}" == 10 ]]; then cpu_unit >"${UNITS}/clinic-cpu.service"; fi
    systemctl daemon-reload
    systemctl enable --now clinic-refresh.timer
    if [[ "${METRIC_PERIOD}" == 10 ]]; then systemctl enable --now clinic-cpu.service; fi
}

cpu_unit() {
    cat <<'UNIT'
[Unit]
Description=Publish the processor's load every ten seconds
[Service]
ExecStart=/usr/local/sbin/clinic-backend publish-cpu
Restart=always
RestartSec=10
[Install]
WantedBy=multi-user.target
UNIT
}

# cpu_times: idle and total ticks since start; stolen time is load, the instance wanted it.
cpu_times() {
    local user nice system idle iowait irq softirq steal
    read -r _ user nice system idle iowait irq softirq steal _ <"${ROOT}/proc/stat"
    idle=$((idle + iowait))
    echo "${idle} $((user + nice + system + idle + irq + softirq + steal))"
}

# publish_cpu: until it is stopped, or a point is refused and systemd starts it anew.
publish_cpu() {
    local times idle total old_idle old_total tenths
    times=$(cpu_times)
    while true; do
        read -r old_idle old_total <<<"${times}"
        sleep "${CPU_SECONDS}"
        times=$(cpu_times)
        read -r idle total <<<"${times}"
        tenths=$((1000 - 1000 * (idle - old_idle) / (total - old_total)))
        put_metric "$((tenths / 10)).$((tenths % 10))"
    done
}

put_metric() {
    local point=MetricData.member.1
    form monitoring Action=PutMetricData Version=2010-08-01 "Namespace=${METRIC_NAMESPACE}" \
        "${point}.MetricName=CPUUtilization" "${point}.Unit=Percent" "${point}.Value=$1" \
        "${point}.StorageResolution=1" "${point}.Dimensions.member.1.Name=Environment" \
        "${point}.Dimensions.member.1.Value=${GROUP_DIMENSION}"
}
