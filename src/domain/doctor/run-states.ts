/** What a word of `query-status` means for hotplug, and what to do about it without harming the VM. */
export interface RunState {
  readonly severity: 'warns' | 'blocks'
  readonly summary: string
  readonly advice: string
}

const STOPPED = 'the vCPUs are stopped: the guest answers neither an unplug nor its agent until they run'
const DO_NOT_RESUME = 'do not resume it'
/** Seen on QEMU 7.2, 10.0 and 11.1: a stopped VM that is reset stays stopped, as `prelaunch`. */
const RESET = "QMP's system_reset; it then waits to be started, as prelaunch"

/**
 * The words of `query-status` in which the vCPUs do not run (QEMU's qapi/run-state.json, RunState). To resume is right for
 * `paused` alone: a migrated source would run the same disks twice (docs/wire-notes.md).
 */
export const RUN_STATES: ReadonlyMap<string, RunState> = new Map<string, RunState>([
  [
    'paused',
    { severity: 'warns', summary: STOPPED, advice: "resume it (QMP's cont), unless it was stopped on purpose" },
  ],
  [
    'postmigrate',
    {
      severity: 'blocks',
      summary: 'the VM was migrated away: it runs elsewhere, on the same disks',
      advice: `${DO_NOT_RESUME}: ask the QEMU that it was migrated to; this one can be ended`,
    },
  ],
  [
    'inmigrate',
    {
      severity: 'blocks',
      summary: 'the VM waits for a migration or is receiving one',
      advice:
        'wait for the migration to end; what the source has plugged must be plugged here too before it begins (qemu-vcpu export --apply, or -device)',
    },
  ],
  [
    'finish-migrate',
    { severity: 'blocks', summary: 'the VM is being migrated away', advice: 'wait for the migration to end' },
  ],
  [
    'colo',
    {
      severity: 'blocks',
      summary: 'the VM runs in lockstep with another (COLO)',
      advice: 'leave its vCPUs as they are',
    },
  ],
  [
    'prelaunch',
    {
      severity: 'warns',
      summary: 'the VM was not started yet (-S), or was reset while it was stopped: no guest answers',
      advice:
        'whatever prepares this VM starts it when it is ready; until then vCPUs can be plugged, and not unplugged',
    },
  ],
  [
    'preconfig',
    {
      severity: 'blocks',
      summary: 'QEMU waits for its configuration (-preconfig): there is no machine yet',
      advice: "whatever prepares this VM ends that when it is ready (QMP's x-exit-preconfig)",
    },
  ],
  [
    'guest-panicked',
    {
      severity: 'blocks',
      summary: 'the guest has panicked: it answers nothing any longer',
      advice: `${DO_NOT_RESUME}; save its memory where that is wanted (dump-guest-memory), then reset it (${RESET}) or end it`,
    },
  ],
  [
    'shutdown',
    {
      severity: 'blocks',
      summary: 'the guest has shut down, and QEMU was told to stay (-no-shutdown)',
      advice: `end this QEMU, or reset the VM to boot its guest again (${RESET})`,
    },
  ],
  [
    'io-error',
    {
      severity: 'warns',
      summary: `${STOPPED}; a disk reported an error`,
      advice: 'mend the storage first (often it is full); only then may it be resumed',
    },
  ],
  [
    'internal-error',
    {
      severity: 'blocks',
      summary: 'QEMU or the accelerator cannot run the vCPUs any longer',
      advice: `read QEMU's log; only a reset (${RESET}) or a new start helps`,
    },
  ],
  [
    'watchdog',
    {
      severity: 'warns',
      summary: `${STOPPED}; the watchdog stopped it`,
      advice: `find out why the guest hangs; then reset it (${RESET})`,
    },
  ],
  ['save-vm', { severity: 'warns', summary: 'a snapshot is being saved', advice: 'wait: it goes on by itself' }],
  [
    'restore-vm',
    {
      severity: 'blocks',
      summary:
        'a snapshot is being loaded, or could not be: after that the memory may be half of one and half of the other',
      advice: `wait while the load runs (query-jobs, or the loadvm command); after a failed one ${DO_NOT_RESUME}: load a snapshot that fits, reset it (${RESET}) or end it`,
    },
  ],
  ['suspended', { severity: 'warns', summary: 'the guest sleeps (S3)', advice: "wake it up (QMP's system_wakeup)" }],
  [
    'debug',
    { severity: 'warns', summary: `${STOPPED}; a debugger holds them`, advice: 'leave that to whoever debugs it' },
  ],
])
