// What must hold of each changing command that `watch` sends: somebody has said yes to it, with the question before his eyes.
import type { Arena } from '../subject/arena.ts'
import type { Question } from '../subject/seat.ts'

type Args = Readonly<Record<string, unknown>>

/** Matches what is sent with what was confirmed; each yes is good for one command. */
export class Confirmed {
  readonly #arena: Arena
  readonly #confirmed: readonly Question[]
  readonly #used = new Set<Question>()

  /** @param confirmed - grows with each yes */
  constructor(arena: Arena, confirmed: readonly Question[]) {
    this.#arena = arena
    this.#confirmed = confirmed
  }

  /** What is wrong with a command that was sent; `undefined` where nothing is. */
  faultOf(command: string, args: Args): string | undefined {
    const isLiedTo = this.#arena.faults.hasLied
    const question = this.#confirmed.find(
      (each) => !this.#used.has(each) && (isLiedTo ? isOfKind(each, command) : this.#isMeant(each, command, args)),
    )
    if (question === undefined) {
      const yes = this.#confirmed.map(({ action, ids }) => `${action} ${String(ids)}`).join('; ')
      return `${command} ${JSON.stringify(args)} was sent; confirmed were: ${yes}`
    }
    this.#used.add(question)
    return undefined
  }

  #isMeant(question: Question, command: string, args: Args): boolean {
    if (!isOfKind(question, command)) return false
    const { id } = args
    switch (command) {
      case 'device_add': {
        const named = /^vcpu(\d+)-/.exec(String(id))?.[1]
        return named !== undefined && question.ids.has(Number(named))
      }
      case 'device_del': {
        const device = this.#arena.vm.qemu.board.devices.find((each) => each.id === id || each.path === id)
        // It has gone by itself in the meantime, or another QEMU runs.
        return device?.vcpus.every(({ cpuIndex }) => question.ids.has(cpuIndex)) ?? true
      }
      default: {
        const vcpus = args['vcpus'] as readonly { readonly 'logical-id': number; readonly online: boolean }[]
        return vcpus.every((vcpu) => question.ids.has(vcpu['logical-id']) && vcpu.online === (question.action === 'on'))
      }
    }
  }
}

function isOfKind({ action }: Question, command: string): boolean {
  if (command === 'device_add') return action === 'plug'
  if (command === 'device_del') return action === 'unplug'
  return action === 'on' || action === 'off'
}
