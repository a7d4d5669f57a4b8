#!/bin/sh
# First process of a lab server: makes the container look like a machine, then becomes systemd.
set -eu

# Docker mounts its own files here and rewrites them at each start; a server owns its own.
for name in hosts hostname resolv.conf; do
    while mountpoint -q "/etc/$name"; do umount "/etc/$name"; done
done

# Identity, put here before the very first start.
if [ -d /.seed ]; then
    cp -a /.seed/. /
    rm -rf /.seed
fi

# Docker's name resolver leaves redirections that no real server has.
nft flush ruleset

# systemd manages its own subtree of each hierarchy (one with cgroup v2, several with v1).
while read -r _ _ _ _ target _; do
    case $target in
    /sys/fs/cgroup*) mount -o remount,rw,bind "$target" ;;
    esac
done </proc/self/mountinfo

# The kernel is shared with this computer and the other servers: its settings are not a server's to change,
# those of its own network namespace are.
mount --bind /proc/sys /proc/sys
mount --bind /proc/sys/net /proc/sys/net
mount -o remount,bind,ro /proc/sys
if [ -e /proc/sysrq-trigger ]; then
    mount --bind /proc/sysrq-trigger /proc/sysrq-trigger
    mount -o remount,bind,ro /proc/sysrq-trigger
fi

# As on any machine that systemd booted; the kubelet needs it.
mount --make-rshared /

exec /sbin/init
