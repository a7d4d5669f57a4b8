# /var/lib on an ext4 file system of its own, now and after each reboot. The image lies where no inventory looks.
image=/var/cache/apt/disk.img
truncate --size=6G "$image"
mkfs.ext4 -q -m 0 -O ^has_journal "$image"
{
    echo 'c! /dev/loop-control 0600 root root - 10:237'
    for number in $(seq 0 99); do echo "b! /dev/loop$number 0600 root root - 7:$number"; done
} >/etc/tmpfiles.d/disk.conf
systemd-tmpfiles --create --boot /etc/tmpfiles.d/disk.conf
# A service: systemd would take the volume that already is at /var/lib for a mount unit's work.
cat >/etc/systemd/system/own-disk.service <<'UNIT'
[Unit]
DefaultDependencies=no
After=systemd-tmpfiles-setup-dev.service systemd-remount-fs.service
Requires=systemd-tmpfiles-setup-dev.service
Before=local-fs.target systemd-random-seed.service systemd-tmpfiles-setup.service

[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=mount -o loop /var/cache/apt/disk.img /var/lib

[Install]
WantedBy=local-fs.target
UNIT
systemctl --quiet enable own-disk.service
mkdir /run/disk
mount -o loop "$image" /run/disk
cp -a /var/lib/. /run/disk/
umount /run/disk
rmdir /run/disk
