# Waits until the kubelet runs its static pods as their manifests say now. Arguments: the manifests' folder, seconds, and
# names, each of a manifest and of the program in it. Where no kubelet runs yet, nothing is waited for.
set -eu
folder=$1 until=$(($(date +%s) + $2))
shift 2
systemctl is-active --quiet kubelet.service || exit 0
ticks=$(getconf CLK_TCK)

# The kernel keeps 15 characters of a program's name.
runs() {
    changed=$(stat -c %Y "$folder/$1.yaml")
    for process in /proc/[0-9]*; do
        [ "$(cat "$process/comm" 2>/dev/null)" = "$(printf %.15s "$1")" ] || continue
        grep -q kubepods "$process/cgroup" 2>/dev/null || continue
        began=$(cut -d' ' -f22 "$process/stat" 2>/dev/null) || continue
        age=$(($(cut -d. -f1 /proc/uptime) - began / ticks))
        [ $(($(date +%s) - age)) -lt "$changed" ] || return 0
    done
    return 1
}

for name; do
    until runs "$name"; do
        [ "$(date +%s)" -lt "$until" ] || {
            echo "$name does not run; see below /var/log/pods" >&2
            exit 1
        }
        sleep 0.5
    done
done
