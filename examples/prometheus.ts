// Metrics for Prometheus: how changes end, how long commands take, events, connections and limits, each by VM.
import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel'
import { Counter, Gauge, Histogram, type Registry } from 'prom-client'
import {
  CHANGE_CHANNEL,
  COMMAND_CHANNEL,
  EVENT_CHANNEL,
  LIMIT_CHANNEL,
  STATE_CHANNEL,
  type ChangeMessage,
  type CommandMessage,
  type EventMessage,
  type LimitMessage,
  type StateMessage,
} from 'qemu-vcpu'

const ignored = (): void => undefined

/**
 * Measure all Domains of this process, until the function returned is called.
 *
 * @param nowMs - what durations go by
 */
export function measureVms(register: Registry, nowMs = (): number => performance.now()): () => void {
  const registers = [register]
  const changes = new Counter({
    ...{ name: 'qemu_vcpu_changes_total', help: 'Changes that have ended', registers },
    labelNames: ['vm', 'change', 'outcome', 'code'],
  })
  const seconds = new Histogram({
    ...{ name: 'qemu_vcpu_command_seconds', help: 'From the call of a command to its answer', registers },
    labelNames: ['vm', 'peer', 'command', 'failed'],
    buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
  })
  const events = new Counter({
    ...{ name: 'qemu_vcpu_events_total', help: "The monitor's events", registers },
    labelNames: ['vm', 'event'],
  })
  const connected = new Gauge({
    ...{ name: 'qemu_vcpu_connected', help: '1 while the monitor is connected, 0 while it is lost', registers },
    labelNames: ['vm'],
  })
  const limits = new Counter({
    ...{ name: 'qemu_vcpu_limits_total', help: 'Limits that ended a call or a connection', registers },
    labelNames: ['vm', 'peer', 'code'],
  })

  const changeSubscribers = {
    ...{ start: ignored, end: ignored, asyncStart: ignored, error: ignored },
    asyncEnd: ({ vm, change, outcome = 'unknown', code = '' }: ChangeMessage): void => {
      changes.inc({ vm, change, outcome, code })
    },
  }
  const begun = new WeakMap<object, number>()
  const commandSubscribers = {
    ...{ end: ignored, asyncStart: ignored, error: ignored },
    start: (message: CommandMessage): void => {
      begun.set(message, nowMs())
    },
    asyncEnd: (message: CommandMessage): void => {
      const beganMs = begun.get(message)
      // One that was under way when this began has no beginning.
      if (beganMs === undefined) return
      const { vm, peer, command, error } = message
      seconds.observe({ vm, peer, command, failed: String(error !== undefined) }, (nowMs() - beganMs) / 1_000)
    },
  }
  const plain: Readonly<Record<string, (message: unknown) => void>> = {
    [EVENT_CHANNEL]: (message) => {
      const { vm, event } = message as EventMessage
      events.inc({ vm, event })
    },
    [STATE_CHANNEL]: (message) => {
      const { vm, state } = message as StateMessage
      if (state === 'closed') connected.remove({ vm })
      else connected.set({ vm }, state === 'connected' ? 1 : 0)
    },
    [LIMIT_CHANNEL]: (message) => {
      const { vm, peer, code } = message as LimitMessage
      limits.inc({ vm, peer, code })
    },
  }
  const changeChannels = tracingChannel<unknown, ChangeMessage>(CHANGE_CHANNEL)
  const commandChannels = tracingChannel<unknown, CommandMessage>(COMMAND_CHANNEL)
  changeChannels.subscribe(changeSubscribers)
  commandChannels.subscribe(commandSubscribers)
  for (const [name, subscriber] of Object.entries(plain)) subscribe(name, subscriber)

  return () => {
    changeChannels.unsubscribe(changeSubscribers)
    commandChannels.unsubscribe(commandSubscribers)
    for (const [name, subscriber] of Object.entries(plain)) unsubscribe(name, subscriber)
  }
}
