import type { WireTraceEntry } from '../../../src/index.ts'

/** A command that changes something, as it left. */
export interface Sent {
  readonly command: string
  /** What is asked for, without what makes each request another: the device that is plugged has a fresh id each time. */
  readonly what: string
  /** The device that `device_add` makes or `device_del` names. */
  readonly device: string | undefined
  answer: 'accepted' | 'refused' | undefined
}

const CHANGES = new Set(['device_add', 'device_del', 'guest-set-vcpus'])

/** What a Domain says and hears: its calls are measured by this. */
export class Wire {
  /** Commands that change something. */
  readonly sent: Sent[] = []
  /** Lines and answers, counted. */
  entries = 0
  /** Called before each of them is written, or taken in. */
  onEntry: () => void = () => undefined
  /** What a request is dated with: in another boot, to another QEMU, or after what a rival did the same one is another. */
  epoch: () => string = () => ''
  readonly #open = new Map<string, Sent>()
  readonly #rest = new Map<string, string>()

  readonly trace = ({ label, direction, bytes }: WireTraceEntry): void => {
    const key = `${label} ${direction}`
    const lines = ((this.#rest.get(key) ?? '') + Buffer.from(bytes).toString('latin1')).split('\n')
    this.#rest.set(key, lines.pop() ?? '')
    for (const line of lines) {
      const start = line.indexOf('{')
      if (start < 0) continue
      this.#take(label, direction, JSON.parse(line.slice(start)) as Record<string, unknown>)
    }
    this.entries++
    this.onEntry()
  }

  /** A connection was made: what was asked over the one before is not answered any longer. */
  connected(label: 'qmp' | 'qga'): void {
    for (const key of [...this.#open.keys(), ...this.#rest.keys()]) {
      if (!key.startsWith(label)) continue
      this.#open.delete(key)
      this.#rest.delete(key)
    }
  }

  #take(label: string, direction: 'in' | 'out', message: Record<string, unknown>): void {
    const key = `${label} ${String(message['id'])}`
    if (direction === 'in') {
      const command = this.#open.get(key)
      if (command !== undefined) command.answer = 'error' in message ? 'refused' : 'accepted'
      this.#open.delete(key)
      return
    }
    const { execute: command } = message
    if (typeof command !== 'string' || !CHANGES.has(command)) return
    const { id, ...rest } = (message['arguments'] ?? {}) as Record<string, unknown>
    const device = typeof id === 'string' ? id : undefined
    const what = `${command === 'device_del' ? (device ?? '') : JSON.stringify(rest)} ${this.epoch()}`
    const sent: Sent = { command, what, device, answer: undefined }
    this.sent.push(sent)
    this.#open.set(key, sent)
  }
}
