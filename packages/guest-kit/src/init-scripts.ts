/** The virtio-serial port of the guest agent, by qemu-ga's own convention. */
export const agentPortName = 'org.qemu.guest_agent.0'

/** The virtio-serial port of the kit's shell: what a test knows about the guest without asking the agent. */
export const shellPortName = 'org.qemu-vcpu.shell'

/** The kernel argument that keeps the agent from being started at boot. */
export const noAgentArgument = 'qga=off'

/** The kernel argument, once per word, whose value is passed to qemu-ga. */
export const agentArgument = 'qga_arg'

/** What init writes on the console when it has handed over. */
const consoleMarker = 'qemu-vcpu guest is up'

const udevDaemon = 'lib/systemd/systemd-udevd'

const path = 'export PATH=/bin:/sbin:/usr/bin:/usr/sbin'

/** The first process of the guest: the mounts that everything else needs, then busybox init. */
const init = `#!/bin/sh
${path}
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
mount -t tmpfs tmpfs /run
busybox --install -s /bin
exec /sbin/init
`

const inittab = `::sysinit:/sbin/boot
::respawn:/sbin/shell-port
::once:/sbin/boot-agent
::ctrlaltdel:/bin/reboot
`

/** Modules are named in a file of their own, in loading order. There is no udev: ports are linked by hand. */
const boot = `#!/bin/sh
${path}
for module in $(cat /lib/modules/order); do insmod /lib/modules/$module; done
mkdir -p /dev/virtio-ports /dev/pts /dev/shm /run/udev
[ ! -x /${udevDaemon} ] || /${udevDaemon} --daemon
echo '${consoleMarker}' > /dev/console
`

/**
 * A port's name reaches sysfs a moment after the port itself; whoever wants one waits for it. Several do so at once, and so
 * a link that is there is never made again: for a moment it would be missing.
 */
const waitPort = `#!/bin/sh
${path}
until [ -e "/dev/virtio-ports/$1" ]; do
  for port in /sys/class/virtio-ports/*; do
    name=$(cat "$port/name" 2> /dev/null)
    [ -z "$name" ] || [ -e "/dev/virtio-ports/$name" ] || ln -s "/dev/\${port##*/}" "/dev/virtio-ports/$name" 2> /dev/null
  done
  [ -e "/dev/virtio-ports/$1" ] || sleep 0.1
done
`

const bootAgent = `#!/bin/sh
${path}
arguments=
for word in $(cat /proc/cmdline); do
  case "$word" in
    ${noAgentArgument}) exit 0 ;;
    ${agentArgument}=*) arguments="$arguments \${word#${agentArgument}=}" ;;
  esac
done
exec start-agent $arguments
`

/** Runs in the foreground and becomes qemu-ga. Nothing restarts it: a test that ends it wants it ended. */
const startAgent = `#!/bin/sh
${path}
wait-port ${agentPortName}
echo $$ > /run/qemu-ga.pid
exec qemu-ga --method=virtio-serial --path=/dev/virtio-ports/${agentPortName} \\
  --statedir=/run --logfile=/run/qemu-ga.log "$@"
`

/**
 * Reads `id:base64 of a script` lines and answers `id:status:base64 of stdout:base64 of stderr`. Base64 keeps one request
 * and one answer on one line each, whatever the command prints. A read without a host on the other side ends at once.
 */
const shellPort = `#!/bin/sh
${path}
export HOME=/
cd /
wait-port ${shellPortName}
exec 3<> /dev/virtio-ports/${shellPortName}
echo ready >&3
while :; do
  if ! IFS=: read -r id script <&3; then sleep 0.1; continue; fi
  echo "$script" | base64 -d > /run/shell.in
  sh /run/shell.in < /dev/null > /run/shell.out 2> /run/shell.err 3>&-
  status=$?
  printf '%s:%s:%s:%s\\n' "$id" "$status" "$(base64 -w 0 < /run/shell.out)" "$(base64 -w 0 < /run/shell.err)" >&3
done
`

/** What the agent's guest-shutdown calls: \`-P\`, \`-H\` or \`-r\`, and a time that is always now. */
const shutdown = `#!/bin/sh
${path}
case "$*" in
  *-r*) exec reboot ;;
  *-H*) exec halt ;;
  *) exec poweroff ;;
esac
`

/** The scripts of the guest, by path. */
export const initScripts: Readonly<Record<string, string>> = {
  init,
  'sbin/boot': boot,
  'sbin/boot-agent': bootAgent,
  'sbin/start-agent': startAgent,
  'sbin/wait-port': waitPort,
  'sbin/shell-port': shellPort,
  'sbin/shutdown': shutdown,
}

/** The plain files of the guest, by path. */
export const initFiles: Readonly<Record<string, string>> = { 'etc/inittab': inittab }

/** Where the one program of udev goes. */
export const udevPrograms: readonly string[] = [udevDaemon, 'bin/udevadm']

/** What a guest with udev has beside the others: a CPU that appears is turned on. */
export const udevFiles: Readonly<Record<string, string>> = {
  'etc/udev/rules.d/80-hotplug-cpu.rules':
    'SUBSYSTEM=="cpu", ACTION=="add", TEST=="online", ATTR{online}!="1", ATTR{online}="1"\n',
}
