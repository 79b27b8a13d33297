import type { Cell, Verdict } from '../../test/matrix/results.ts'

/** How a note begins. */
const BEGINNINGS: Readonly<Record<Exclude<Verdict, 'yes'>, string>> = {
  'refused-by-qemu': 'QEMU refuses',
  'refused-by-guest': 'the guest refuses',
  'guest-hung': 'the guest hangs',
  'qemu-died': '**QEMU dies**',
  no: '**does not work**',
}

/** One note for each thing that was said, however many cells heard it. */
export class Notes {
  /** What was said, where, and by which kernels. */
  readonly #heard = new Map<string, Map<string, Set<string>>>()

  /** The number of the cell's note; none for a cell that says yes. */
  numberOf({ verdict, message, configuration = '', guest }: Cell): number[] {
    if (verdict === 'yes') return []
    const said = `${BEGINNINGS[verdict]}: ${code(message ?? 'without a word')}`
    const places = this.#heard.get(said) ?? new Map<string, Set<string>>()
    this.#heard.set(said, places)
    const kernels = places.get(configuration) ?? new Set<string>()
    places.set(configuration, kernels)
    if (guest !== undefined) kernels.add(release(guest.kernel))
    return [[...this.#heard.keys()].indexOf(said) + 1]
  }

  /** Every note, as markdown. */
  lines(): string[] {
    return [...this.#heard].map(([said, places], at) => {
      const named = [...places]
        .map(([place, kernels]) => `${place}${inGuests(kernels)}`.trim())
        .filter((text) => text !== '')
      return `${at + 1}. ${said}${named.length === 0 ? '' : ` · ${named.join('; ')}`}`
    })
  }
}

/** `6.12` of `6.12.107+deb13-cloud-amd64`. */
export function release(kernel: string): string {
  return /^\d+\.\d+/.exec(kernel)?.[0] ?? kernel
}

function inGuests(kernels: ReadonlySet<string>): string {
  return kernels.size === 0 ? '' : ` (Linux ${[...kernels].join(', ')})`
}

/** In backticks, on one line, and without what would end the row. */
function code(text: string): string {
  return `\`${text.replaceAll(/\s+/g, ' ').replaceAll('`', "'")}\``
}
