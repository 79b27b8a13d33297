/** What the page says of one code. */
export interface ErrorWords {
  readonly code: string
  readonly happened: string
  readonly changed: string
  readonly toDo: string
}

/** Errors that a caller handles alike. */
export interface ErrorGroup {
  readonly title: string
  /** How the command exits. */
  readonly exit: string
  readonly about: string
  readonly errors: readonly ErrorWords[]
}

const NOTHING = 'Nothing; nothing was sent.'

const input = (code: string, happened: string, toDo: string): ErrorWords => ({ code, happened, changed: NOTHING, toDo })

/** Every code, in the order of the page. */
export const ERROR_GROUPS: readonly ErrorGroup[] = [
  {
    title: 'Wrong input',
    exit: '2',
    about: 'No VM could satisfy the argument. The message names it and what is expected. Always `not-sent`.',
    errors: [
      input(
        'ERR_USAGE',
        'The command line is wrong: a verb, an option or an operand.',
        'Follow the help that the message names.',
      ),
      input(
        'ERR_ADDRESS',
        'An endpoint is neither a path, `HOST:PORT`, `unix:PATH`, `tcp:HOST:PORT` nor (library) a stream, a function or an executor; or none was given.',
        'Correct it. A UNIX socket path has at most 107 bytes; an IPv6 host stands in brackets.',
      ),
      input(
        'ERR_SAME_ADDRESS',
        'The monitor and the agent were given the same socket.',
        "Give `--qga` (library: `qga`) the agent's own socket: that of the chardev of `org.qemu.guest_agent.0`.",
      ),
      input(
        'ERR_CPU_ID',
        'An id is not an integer from 0 up, or a list excludes all that it names.',
        '`qemu-vcpu map` shows the ids.',
      ),
      input(
        'ERR_CPU_LIST',
        'A list such as `0-3,^2` cannot be parsed.',
        'Write ranges with the smaller id first, exclusions with `^`.',
      ),
      input('ERR_CPU_MAP', 'What was given as ids is not a `CpuMap`.', 'Make one with `CpuMap.parse` or `CpuMap.of`.'),
      input(
        'ERR_CPU_BYTES',
        'A `CpuMap` does not fit the number of bytes, or the number is invalid.',
        'Ask for more bytes.',
      ),
      input(
        'ERR_HEX_MASK',
        'A hex mask cannot be parsed, or the ids do not fit its width.',
        'Use groups of 8 hex digits, as in `00000000,000000ff`.',
      ),
      input('ERR_STATE', 'The state is neither `on` nor `off` (library: not a boolean).', 'Correct it.'),
      input(
        'ERR_COUNT',
        'A count is not a whole number, or this machine can never have that many.',
        'The message has the range.',
      ),
      input('ERR_POLICY', 'There is no such policy for `scale`.', 'Use `lowest`, `spread-nodes` or `spread-sockets`.'),
      input('ERR_CONFIDENCE', 'There is no such confidence.', 'Use `exact`, `observed`, `computed` or `assumed`.'),
      input('ERR_MAP_KIND', 'There is no such map.', 'The message lists all nine.'),
      input(
        'ERR_DEVICE_ID',
        'A device id is not one that QEMU takes, or was given to an unplug.',
        'A letter first, then letters, digits, `-`, `.` and `_`.',
      ),
      input('ERR_TIMEOUT_RANGE', 'A time-out is not a number of milliseconds in range.', 'The message has the range.'),
      input(
        'ERR_NO_AGENT',
        'The call needs the guest agent, and no channel was given.',
        'Give `--qga` (library: `qga`), or leave `--guest` out.',
      ),
      input(
        'ERR_NO_MONITOR',
        "The call needs QEMU's monitor, and the domain was connected to the agent alone.",
        'Connect with `qmp`.',
      ),
      {
        code: 'ERR_LAYOUT',
        happened:
          'What `export --apply` reads is not a layout; or (`RefusedError`, exit 1) it does not fit: another topology, or something else is plugged.',
        changed: NOTHING,
        toDo: 'Take the output of `export --json`. Start the target with the same `-machine`, `-cpu` and `-smp`.',
      },
      input(
        'ERR_ARGUMENTS',
        'Library: arguments of `execute` that JSON cannot carry, or that nest deeper than QEMU takes.',
        'Correct them.',
      ),
      input(
        'ERR_OOB',
        'Library: out-of-band execution was not negotiated.',
        'Connect with `oob`, or send the command in band.',
      ),
      input(
        'ERR_STREAM',
        'Library: a `Duplex` in object mode, or with `setEncoding()`.',
        'Give one that carries bytes.',
      ),
      input(
        'ERR_LIMIT',
        'Library: a limit is not a whole number in its range, or not a limit of that peer.',
        'The message has the range; [limits](limits.md) has all of them.',
      ),
      ...['ERR_CLOCK', 'ERR_FAULT', 'ERR_MACHINE', 'ERR_VCPU'].map((code) =>
        input(
          code,
          '`qemu-vcpu/testing`: an option or an argument of a simulation is invalid.',
          'The message has what is valid.',
        ),
      ),
    ],
  },
  {
    title: 'Refused before anything was sent',
    exit: '1',
    about: "The VM's state or machine type forbids the change. Always `not-sent`. `id` and `slot` say of which vCPU.",
    errors: [
      input(
        'ERR_NO_SUCH_VCPU',
        'The machine has no slot, or the guest no CPU, with that id.',
        '`map` lists what there is. More slots need a restart with a larger `maxcpus`.',
      ),
      input(
        'ERR_PART_OF_SLOT',
        'The vCPU is one thread of a slot that QEMU can only plug and unplug as a unit (pseries).',
        'Repeat with `--whole-slot` (`wholeSlot: true`).',
      ),
      input(
        'ERR_NOT_OFFLINABLE',
        'It cannot be unplugged (boot CPU; s390x unplugs none), or the guest cannot turn it off.',
        'Choose one of the map `offlinable`.',
      ),
      input('ERR_NOT_ONLINABLE', 'The guest cannot turn that CPU on.', "Choose one of the guest's map `onlinable`."),
      input(
        'ERR_NO_HOTPLUG',
        'The machine has no vCPU hotplug: `microvm`, Arm `virt`, or `acpi=off`.',
        'Restart the VM with a machine type that has it. `doctor` says more.',
      ),
      input(
        'ERR_NO_X2APIC',
        'The slot lies past APIC id 254 and the CPU model has no x2APIC; QEMU 10.0 would abort.',
        'Use a lower slot, or restart with a model that has x2APIC (`-cpu max`).',
      ),
      input(
        'ERR_REMOVAL_PENDING',
        'A plug of a vCPU whose unplug is still pending.',
        'Wait until the unplug completes or is rejected (`watch` shows it).',
      ),
      {
        code: 'ERR_UNSURE',
        happened: 'Which CPU of the guest the vCPU is, is not known well enough to touch one.',
        changed:
          'Nothing as `RefusedError`. As `GuestChangeError` the vCPU stays plugged and nothing was turned on in the guest.',
        toDo: "Allow the agent's `guest-file-*` commands, leave `--guest` out, or accept less with `--confidence`.",
      },
      input(
        'ERR_NOT_REACHABLE',
        'The machine cannot have that many vCPUs plugged (or the guest run that many).',
        'Ask for one of the nearest counts, which the message has (`nearestBelow`, `nearestAbove`).',
      ),
    ],
  },
  {
    title: 'Refused or failed after it was sent',
    exit: '1; that of the cause where a step of several failed and was not undone',
    about:
      'QEMU or the guest answered. `outcome` says what is left: `rejected` is the state before, `partial` is a part of the change.',
    errors: [
      {
        code: 'ERR_COMMAND',
        happened: 'QEMU or the agent answered with an error; `command`, `errorClass` and `description` hold it.',
        changed: 'Nothing (`rejected`), except where `outcome` is `unknown`.',
        toDo: "Read QEMU's words; `doctor` explains the common ones.",
      },
      {
        code: 'ERR_GUEST_REFUSED',
        happened: 'The guest refused the unplug (`ACPI_DEVICE_OST`, `DEVICE_UNPLUG_GUEST_ERROR`); `reason` says why.',
        changed:
          'Nothing: the vCPU is still plugged (`rejected`). With `--guest` (`GuestChangeError`, same code) its CPU in the guest stays turned off, unless `--rollback` turned it on again.',
        toDo: 'Free the CPU in the guest (pinned, isolated and real-time work), then unplug again.',
      },
      {
        code: 'ERR_GUEST_REJECTED',
        happened: 'The guest answered to a plug that it cannot take the vCPU.',
        changed:
          'The vCPU is plugged in QEMU and unused (`partial`); with `--rollback` it was unplugged again (`rejected`).',
        toDo: "Unplug it. The guest's kernel log says why (too few possible CPUs, slots that Linux 6.9 and later ignores).",
      },
      {
        code: 'ERR_GUEST_NOT_LISTED',
        happened: 'The guest accepted the plug and never listed the CPU.',
        changed: 'As for `ERR_GUEST_REJECTED`.',
        toDo: 'Unplug it, and read the guest\'s kernel log ("Unable to map lapic").',
      },
      {
        code: 'ERR_PARTIAL',
        happened: 'The agent changed some of several CPUs; `applied` and `failed` say how far it came.',
        changed: 'The first `applied` of them (`partial`).',
        toDo: 'Read the maps; ask for the rest to learn why it failed.',
      },
      {
        code: 'ERR_SCALE_INCOMPLETE',
        happened: 'A run of several changes (`scale`, `guest-scale`, a list) ended before its goal; `cause` is why.',
        changed:
          '`changed` has the ids that were changed, `inDoubt` those whose result is not known, `rolledBack` those undone; `notTried` (library: `rest`) was not sent.',
        toDo: 'Act on the `cause`, then run it again: what is done is not done twice.',
      },
      {
        code: 'ERR_NOT_CONFIRMED',
        happened: 'The peer accepted the change, and its own state contradicts that.',
        changed: 'Not known (`unknown`).',
        toDo: 'Read the maps. `doctor` may name the reason.',
      },
      {
        code: 'ERR_CONTRADICTION',
        happened:
          "Two replies of QEMU, or a reply and QEMU's own numbering, contradict each other; the message names both.",
        changed: 'Nothing by this call unless `outcome` says otherwise.',
        toDo: 'Read again: the VM may have changed between two queries. If it stays, report it with a trace.',
      },
      {
        code: 'ERR_EXECUTOR',
        happened:
          "Library: the caller's own executor or `onStep` failed with an error of its own, which is the `cause`.",
        changed: 'What `outcome` says; `unknown` where the command may have been sent.',
        toDo: 'Correct what failed. An executor rejects with a `CommandError` where QEMU refused.',
      },
      {
        code: 'ERR_PROTOCOL',
        happened: 'The peer sent what its protocol does not allow.',
        changed: 'What `outcome` says.',
        toDo: 'Check what listens at the address. Report it with a trace if it is QEMU or qemu-ga.',
      },
      {
        code: 'ERR_MESSAGE_TOO_LARGE',
        happened:
          'The peer sent a message of more bytes than the limit. It was passed over; a message without an end in sight closes the connection.',
        changed: 'What `outcome` says.',
        toDo: 'Check what listens at the address; `messageBytes` of the [limits](limits.md) raises it.',
      },
      {
        code: 'ERR_MESSAGE_TOO_COMPLEX',
        happened:
          'The peer sent a message that is nested too deep, has too many values or member names, or too long a string. It was not read.',
        changed: 'What `outcome` says.',
        toDo: 'Check what listens at the address: no honest agent sends that. The [limits](limits.md) can be raised.',
      },
      {
        code: 'ERR_MESSAGE_TOO_SLOW',
        happened: 'The peer began a message and did not end it in time. The connection is closed.',
        changed: 'What `outcome` says.',
        toDo: 'Check what listens at the address; `lineMs` of the [limits](limits.md) raises the limit.',
      },
      {
        code: 'ERR_TOO_MUCH_JUNK',
        happened: 'The peer sent too much that answers nothing. The connection is closed.',
        changed: 'What `outcome` says.',
        toDo: "Check what listens at the address; a guest's agent that does so is broken or hostile.",
      },
      {
        code: 'ERR_TOO_MANY_VCPUS',
        happened: 'Library: QEMU or the agent lists more vCPUs, or higher ids, than `limits.maxVcpus`.',
        changed: 'What `outcome` says.',
        toDo: 'Raise the limit for a VM that large; a guest that lists more CPUs than its VM has is broken or hostile.',
      },
      input(
        'ERR_TOO_MANY_PENDING',
        'Library: as many commands as the limit wait for an answer on this connection.',
        'Wait for some of them; `pending` of the [limits](limits.md) raises it.',
      ),
      input(
        'ERR_TOO_MUCH_UNSENT',
        'Library: the peer does not read what was sent to it, and more is unsent than the limit.',
        'QEMU or the agent hangs. `unsentBytes` of the [limits](limits.md) raises the limit.',
      ),
      {
        code: 'ERR_EVENT_OVERFLOW',
        happened: 'Library: the reader of an event stream fell behind its bound; the stream has ended.',
        changed: 'Nothing.',
        toDo: 'Read the state, then subscribe again.',
      },
      {
        code: 'ERR_INTERNAL',
        happened: 'Command: an error of no documented class. It is a defect of qemu-vcpu.',
        changed: 'What `outcome` says.',
        toDo: 'Report it.',
      },
    ],
  },
  {
    title: 'No connection',
    exit: '3',
    about: 'The peer cannot be reached, or no longer. Connect again; read the maps before repeating a change.',
    errors: [
      input(
        'ERR_CONNECT',
        'Nothing listens there, it may not be opened, or it was not connected in time.',
        'Check the path and its permissions; is QEMU running?',
      ),
      input(
        'ERR_MONITOR_BUSY',
        'Another client is connected to the monitor: it accepts one at a time.',
        'Give QEMU a second `-qmp`, or see [libvirt and Proxmox](libvirt-and-proxmox.md).',
      ),
      input('ERR_PROCESS_STOPPED', 'The process that listens is stopped (SIGSTOP, a debugger).', 'Let it continue.'),
      input(
        'ERR_MONITOR_HANGS',
        'QEMU accepts no connection, or greeted and does not answer.',
        'QEMU is busy or stuck (a migration, blocked storage). Look at the process.',
      ),
      input(
        'ERR_NO_RUNTIME_MONITOR',
        'Library, `openMonitor`: this QEMU cannot make another monitor while it runs; QEMU 11.1 and later can.',
        'Give QEMU a second `-qmp` at its next start, or share the executor itself.',
      ),
      input(
        'ERR_NOT_QMP',
        'What listens is not a QMP monitor.',
        'Give the path of `-qmp`, not that of HMP or of the agent.',
      ),
      input(
        'ERR_NOT_AGENT',
        'What was given as the agent is a QMP monitor.',
        'Give the path of the `org.qemu.guest_agent.0` chardev.',
      ),
      input(
        'ERR_NO_AGENT_ANSWER',
        'The channel is open and the agent does not answer.',
        'Start qemu-ga in the guest; wait until the guest has booted.',
      ),
      {
        code: 'ERR_CONNECTION_LOST',
        happened: 'The peer closed the connection; QEMU has ended, or was restarted.',
        changed: '`not-sent`: nothing. `unknown`: the request was sent.',
        toDo: 'Connect again and read the maps.',
      },
      {
        code: 'ERR_CLOSED',
        happened: 'Library: `close()` was called on this side.',
        changed: '`not-sent`: nothing. `unknown`: the request was sent.',
        toDo: 'Connect again where that was not meant.',
      },
    ],
  },
  {
    title: 'Not known yet',
    exit: '4',
    about: 'The time was over before the answer came. Do not repeat blindly: look first.',
    errors: [
      {
        code: 'ERR_TIMEOUT',
        happened: 'No answer in time. For an unplug: the guest has not responded.',
        changed:
          '`unknown`: the request was sent and can still be carried out. An unplug stays pending; a second one joins it.',
        toDo: '`list` or `watch`; then repeat with a longer `--timeout`, or give the guest a reason to answer.',
      },
      {
        code: 'ERR_ABORTED',
        happened: "The caller's `signal`, or ^C, ended the call.",
        changed: 'What `outcome` says; the JSON of a run has `changed` and `inDoubt`. Exit 1 where nothing was sent.',
        toDo: 'Read the maps before anything else.',
      },
    ],
  },
]
