// Every time-out and back-off of this room and of the two protocols, where a caller says nothing else.

/** How long a socket may take to come up. */
export const DIAL_TIMEOUT_MS = 5_000
/** How long a TCP connection may be silent before the kernel asks whether its peer is there: ten times, a second apart. */
export const TCP_KEEP_ALIVE_MS = 15_000
/** How long a monitor may take to greet and to negotiate, together. */
export const QMP_CONNECT_TIMEOUT_MS = 5_000
/** How long a command that was forwarded for a client of a multiplexer may take: that client has a time-out of its own. */
export const QMP_FORWARDED_TIMEOUT_MS = 600_000
/** How long a command of the monitor may take. */
export const QMP_COMMAND_TIMEOUT_MS = 10_000
/** How long an agent may take to answer a sync. */
export const QGA_SYNC_TIMEOUT_MS = 5_000
/** How long a command of the agent may take, its turn and its sync included. */
export const QGA_COMMAND_TIMEOUT_MS = 10_000
/** How long `guest-set-vcpus` may take: onlining one vCPU takes a second under emulation. */
export const QGA_SET_VCPUS_TIMEOUT_MS = 30_000
/** How long reading a file of the guest may take in all. */
export const QGA_READ_FILE_TIMEOUT_MS = 10_000
/** How long closing a file of the guest may take; it is bounded by its reader's own time-out too. */
export const QGA_CLOSE_FILE_TIMEOUT_MS = 2_000
/** How long a message may take from its first byte to its last. */
export const UNFINISHED_LINE_TIMEOUT_MS = 60_000
/** The first pause after a failed dial; each further failure doubles it. */
export const REDIAL_PAUSE_MS = 50
/** The longest pause between failed dials. */
export const MAX_REDIAL_PAUSE_MS = 5_000
/** The same where a failure costs nothing, as that of a UNIX socket at which nothing listens: a return is seen within a second. */
export const MAX_CHEAP_REDIAL_PAUSE_MS = 800
/** The time between such dials of a process where so many fail that they would be more frequent: each costs a fifth of a millisecond. */
export const CHEAP_REDIAL_INTERVAL_MS = 10
/** How long a connection must live, and answer, before its loss is no failed dial. */
export const PROVEN_AFTER_MS = 1_000
