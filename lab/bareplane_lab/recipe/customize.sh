#!/bin/sh
# Last step of the image, run by mmdebstrap with the root directory as its argument.
set -eu
root=$1

chroot "$root" useradd --create-home --uid 1000 --gid operator --shell /bin/bash --comment Operator operator
install -d -m 0700 "$root/root/.ssh" "$root/home/operator/.ssh"
chroot "$root" chown operator: /home/operator/.ssh
echo 'operator ALL=(ALL:ALL) NOPASSWD: ALL' >"$root/etc/sudoers.d/operator"
chmod 0440 "$root/etc/sudoers.d/operator"

rm -f "$root"/etc/ssh/ssh_host_*
cat >"$root/etc/ssh/sshd_config.d/lab.conf" <<'EOF'
HostKey /etc/ssh/ssh_host_ed25519_key
PermitRootLogin prohibit-password
PasswordAuthentication no
UseDNS no
MaxStartups 100
MaxSessions 100
EOF

# The kernel's log is this computer's, not the server's.
install -d "$root/etc/systemd/journald.conf.d"
printf '[Journal]\nReadKMsg=no\nAudit=no\n' >"$root/etc/systemd/journald.conf.d/lab.conf"

# What a container has no use for, and timers: a server whose files change by themselves cannot be compared.
systemctl --root="$root" --quiet mask \
    getty.target getty@.service console-getty.service serial-getty@.service systemd-logind.service \
    systemd-udevd.service systemd-udev-trigger.service systemd-resolved.service systemd-networkd.service \
    systemd-pstore.service systemd-binfmt.service systemd-hwdb-update.service \
    dev-hugepages.mount dev-mqueue.mount sys-kernel-config.mount sys-kernel-debug.mount sys-kernel-tracing.mount \
    sys-fs-fuse-connections.mount proc-sys-fs-binfmt_misc.automount \
    apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer e2scrub_reap.service \
    fstrim.timer logrotate.timer man-db.timer motd-news.timer systemd-tmpfiles-clean.timer
systemctl --root="$root" --quiet set-default multi-user.target

# Kernel-wide settings are refused inside a server.
rm -f "$root"/usr/lib/sysctl.d/*.conf

echo LANG=C.UTF-8 >"$root/etc/default/locale"

: >"$root/etc/machine-id"
rm -f "$root/etc/fstab" "$root/etc/apt/apt.conf.d/99mmdebstrap" "$root/etc/dpkg/dpkg.cfg.d/99mmdebstrap" "$root/etc/hostname" "$root/etc/resolv.conf"
rm -rf "$root"/usr/share/info/* "$root"/usr/share/bash-completion "$root"/var/cache/debconf/*-old "$root"/var/log/*.log
