import type { CpuMap, Vcpu } from '../../index.ts'
import { arrange } from '../grid/arrange.ts'
import { layOut, type Row } from '../grid/lay-out.ts'
import { isGuestKnown, stateOf, type VcpuState } from '../grid/vcpu-state.ts'
import type { Line } from './lines.ts'
import type { WatchState } from './model.ts'

/** How much a cell says: both ids, QEMU's id, or the state alone. */
export type Density = 'both' | 'own' | 'sign'

/** The vCPUs as a grid, in rows. */
export interface Grid {
  readonly density: Density
  readonly rows: readonly Row[]
}

/** The grid that says the most within `height` rows; where none fits, the densest, which has more rows. */
export function gridOf(vcpus: readonly Vcpu[], columns: number, height: number): Grid {
  const blocks = arrange(vcpus)
  const idWidth = String(vcpus.at(-1)?.id ?? 0).length
  const densities: readonly Density[] = isGuestKnown(vcpus) ? ['both', 'own'] : ['own']
  for (const density of densities) {
    const cellWidth = vcpus.reduce((width, vcpu) => Math.max(width, cellText(vcpu, '.', density).length), 0)
    const rows = layOut(blocks, { columns, cellWidth, idWidth })
    if (rows.length <= height) return { density, rows }
  }
  return { density: 'sign', rows: layOut(blocks, { columns, cellWidth: 1, idWidth }) }
}

/** `+5:2`: QEMU's vCPU 5, CPU 2 of the guest; `:-` where the guest has none for it, `:?` where that is not known. */
function cellText({ id, online, guest }: Vcpu, sign: string, density: Density): string {
  if (density === 'sign') return sign
  if (density === 'own' || !online) return `${sign}${id}`
  return `${sign}${id}:${guest === null ? '-' : (guest.id ?? '?')}`
}

/** The states of all vCPUs, with what is asked of them. */
export function statesOf({ snapshot, running, refused }: WatchState): ReadonlyMap<number, VcpuState> {
  const vcpus = snapshot?.vcpus ?? []
  const knowsGuest = isGuestKnown(vcpus)
  const requested: CpuMap | undefined = running?.ids
  const pending = requested === undefined ? snapshot?.pending : snapshot?.pending.union(requested)
  return new Map(
    vcpus.map((vcpu) => [vcpu.id, stateOf(vcpu, knowsGuest, pending === undefined ? undefined : { pending, refused })]),
  )
}

/** The grid's rows as lines. */
export function gridLines(state: WatchState, { rows, density }: Grid): readonly Line[] {
  const states = statesOf(state)
  const byId = new Map(state.snapshot?.vcpus.map((vcpu) => [vcpu.id, vcpu]))
  return rows.map((row) =>
    row.map((piece) => {
      if (piece.kind === 'text') return { text: piece.text, ink: 'dim' }
      const vcpu = byId.get(piece.id)
      const vcpuState = states.get(piece.id)
      if (vcpu === undefined || vcpuState === undefined) return { text: ' '.repeat(piece.width) }
      const text = cellText(vcpu, vcpuState.sign, density).padEnd(piece.width)
      return { text, ink: vcpuState.ink, isCursor: piece.id === state.selected }
    }),
  )
}
