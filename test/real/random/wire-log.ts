import type { WireTraceEntry } from '../../../src/index.ts'

/** A command that was written to a peer, and what became of it. */
export interface SentCommand {
  readonly execute: string
  readonly target: string | undefined
  readonly id: unknown
  answer: 'accepted' | 'refused' | undefined
}

const CHANGES = new Set(['device_add', 'device_del', 'guest-set-vcpus'])
const WORKING = 0x84

/**
 * What one Domain wrote and heard, read off its wire trace: this, and not the Domain's word, is what its answers are
 * measured by.
 */
export class WireLog {
  /** Commands that change something, since {@link WireLog.beginStep}. */
  sent: SentCommand[] = []
  /** Called for every line that leaves. */
  onLine: () => void = () => undefined
  /** Called for every answer that comes. */
  onAnswer: () => void = () => undefined
  /** Called with the target of each unplug request that QEMU accepts. */
  onRemoval: (target: string) => void = () => undefined
  /** Every `device_add` that QEMU accepted. */
  plugs = 0
  readonly #open = new Map<string, SentCommand>()
  readonly #rest = new Map<string, string>()
  /** Unplug requests on this connection that may still come to something, by target. */
  readonly #removals = new Map<string, SentCommand>()
  readonly #indexOf: (target: string) => number | undefined

  /** @param indexOf - the cpu-index of a device's id or path, by QEMU's own word */
  constructor(indexOf: (target: string) => number | undefined) {
    this.#indexOf = indexOf
  }

  beginStep(): void {
    this.sent = []
    this.onLine = () => undefined
    this.onAnswer = () => undefined
  }

  /** The monitor is dialled: what was asked over the connection before no longer counts as pending. */
  beginConnection(): void {
    this.#removals.clear()
    for (const key of [...this.#rest.keys(), ...this.#open.keys()]) {
      if (!key.startsWith('qmp')) continue
      this.#rest.delete(key)
      this.#open.delete(key)
    }
  }

  /** Targets of unplug requests that QEMU and this boot of the guest may still carry out, as far as this connection says. */
  get removals(): readonly string[] {
    return [...this.#removals.keys()]
  }

  readonly trace = ({ label, direction, bytes }: WireTraceEntry): void => {
    const key = `${label} ${direction}`
    const lines = ((this.#rest.get(key) ?? '') + Buffer.from(bytes).toString('latin1')).split('\n')
    this.#rest.set(key, lines.pop() ?? '')
    for (const line of lines) {
      const message = parse(line)
      if (direction === 'in') this.#hear(label, message)
      else this.#note(label, message)
    }
    if (direction === 'out') this.onLine()
  }

  #note(label: string, message: Record<string, unknown>): void {
    const { execute, id } = message
    if (typeof execute !== 'string' || !CHANGES.has(execute)) return
    const command: SentCommand = { execute, target: targetOf(message), id, answer: undefined }
    this.sent.push(command)
    this.#open.set(`${label} ${String(id)}`, command)
    if (execute === 'device_del' && command.target !== undefined) this.#removals.set(command.target, command)
  }

  #hear(label: string, message: Record<string, unknown>): void {
    if (typeof message['event'] === 'string') {
      this.#hearEvent(message['event'], recordOf(message['data']))
      return
    }
    this.onAnswer()
    const key = `${label} ${String(message['id'])}`
    const command = this.#open.get(key)
    if (command === undefined) return
    this.#open.delete(key)
    command.answer = 'error' in message ? 'refused' : 'accepted'
    if (command.execute === 'device_add' && command.answer === 'accepted') this.plugs++
    if (command.execute !== 'device_del') return
    if (command.answer === 'refused') this.#removals.delete(command.target ?? '')
    else this.onRemoval(command.target ?? '')
  }

  #hearEvent(event: string, data: Record<string, unknown>): void {
    if (event === 'RESET') {
      for (const [target, { answer }] of this.#removals) if (answer !== undefined) this.#removals.delete(target)
    }
    const refused = event === 'ACPI_DEVICE_OST' ? refusedIndex(data) : undefined
    if (refused === undefined) return
    // A device that was plugged since the latest look at the truth has an index that only QEMU can name.
    const device = recordOf(data['info'])['device']
    for (const [target, { answer }] of this.#removals) {
      const isMeant = target === device || this.#indexOf(target) === refused
      if (answer !== undefined && isMeant) this.#removals.delete(target)
    }
  }
}

/** The vCPU whose unplug the guest refuses with this ACPI_DEVICE_OST; `undefined` where it is none. */
export function refusedIndex(data: Readonly<Record<string, unknown>>): number | undefined {
  const { source, status, slot } = recordOf(data['info'])
  return source === 3 && status !== 0 && status !== WORKING ? Number(slot) : undefined
}

function targetOf(message: Record<string, unknown>): string | undefined {
  const { id } = recordOf(message['arguments'])
  return typeof id === 'string' ? id : undefined
}

/** @returns an empty object for what is none, such as a line of the agent's with 0xFF before it */
function parse(line: string): Record<string, unknown> {
  const start = line.indexOf('{')
  return start < 0 ? {} : recordOf(JSON.parse(line.slice(start)))
}

function recordOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
}
