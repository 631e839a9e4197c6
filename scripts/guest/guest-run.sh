# in the copy-on-write root, still pid 1
mount -n -t tmpfs -o mode=755 cgroup_root /sys/fs/cgroup 2>/dev/null
echo 2 >/proc/sys/kernel/io_uring_disabled 2>/dev/null
ip link set lo up
[ -n "$UMLMODULES" ] && modprobe -a $UMLMODULES
[ -n "$UMLTRACE" ] && { read up _ </proc/uptime; echo "uml: run $up" >/dev/tty1; }
# pipes between the command and the consoles: no tty for it to notice
mkfifo /run/.o /run/.e
cat </run/.o >/dev/tty0 & o=$!
cat </run/.e >/dev/tty1 & e=$!
setsid /bin/dash "$UMLJOB/cmd.sh" </dev/null >/run/.o 2>/run/.e
rc=$?
# a daemon that the command left behind must not keep us: 2 s, then go
( sleep 2; kill $o $e ) 2>/dev/null &
wait $o; wait $e
[ -n "$UMLTRACE" ] && { read up _ </proc/uptime; echo "uml: done $up" >/dev/tty1; }
echo "$rc" >/proc/exitcode
exec poweroff -f
