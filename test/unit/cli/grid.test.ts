import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { arrange } from '../../../src/cli/grid/arrange.ts'
import { layOut, type Row } from '../../../src/cli/grid/lay-out.ts'
import { move } from '../../../src/cli/grid/move.ts'
import type { Vcpu } from '../../../src/index.ts'
import { machine } from './vcpus.ts'

/** Every vCPU of `sockets` × `dies` × `cores` × `threads`, as QEMU numbers them. */
function topology(sockets: number, dies: number, cores: number, threads: number): readonly Vcpu[] {
  return machine(sockets * dies * cores * threads, (id) => ({
    props: {
      'socket-id': Math.floor(id / (dies * cores * threads)),
      'die-id': Math.floor(id / (cores * threads)) % dies,
      'core-id': Math.floor(id / threads) % cores,
      'thread-id': id % threads,
    },
  }))
}

/** The rows as text: a cell is its id. */
function drawn(vcpus: readonly Vcpu[], columns: number, cellWidth = 2): readonly string[] {
  const idWidth = String(vcpus.length - 1).length
  return layOut(arrange(vcpus), { columns, cellWidth, idWidth }).map((row) =>
    row
      .map((piece) =>
        piece.kind === 'text' ? piece.text : cellWidth === 1 ? '.' : String(piece.id).padStart(piece.width),
      )
      .join(''),
  )
}

describe('the grid', () => {
  it('is one block where the vCPUs differ at one level', () => {
    expect(drawn(topology(1, 1, 8, 1), 80)).toEqual([' 0  1  2  3  4  5  6  7'])
    expect(drawn(topology(8, 1, 1, 1), 80)).toEqual([' 0  1  2  3  4  5  6  7'])
  })

  it('has threads of a core together, and sockets and dies as headings', () => {
    expect(drawn(topology(2, 2, 2, 2), 80)).toEqual([
      'socket 0 die 0  [ 0  1] [ 2  3]',
      'socket 0 die 1  [ 4  5] [ 6  7]',
      'socket 1 die 0  [ 8  9] [10 11]',
      'socket 1 die 1  [12 13] [14 15]',
    ])
  })

  it('puts headings above where a line is narrow', () => {
    expect(drawn(topology(2, 1, 4, 2), 20)).toEqual([
      'socket 0',
      '[ 0  1] [ 2  3]',
      '[ 4  5] [ 6  7]',
      'socket 1',
      '[ 8  9] [10 11]',
      '[12 13] [14 15]',
    ])
  })

  it('gives a group too large for brackets a heading', () => {
    expect(drawn(topology(2, 1, 16, 1), 80, 1)).toEqual([
      'socket 0   0  ........ ........',
      'socket 1  16  ........ ........',
    ])
  })

  it('takes the place in a slot for the thread', () => {
    const vcpus = machine(16, (id) => {
      const first = id - (id % 8)
      return { slot: Array.from({ length: 8 }, (_, at) => first + at), props: { 'core-id': first } }
    })
    expect(drawn(vcpus, 80)).toEqual(['[ 0  1  2  3  4  5  6  7] [ 8  9 10 11 12 13 14 15]'])
    expect(drawn(vcpus, 20)).toEqual([' 0  1  2  3  4  5', ' 6  7', ' 8  9 10 11 12 13', '14 15'])
  })

  const count = (max: number) => fc.integer({ min: 1, max })
  const machines = fc.tuple(count(3), count(3), count(9), count(3)).map((size) => topology(...size))
  const sizes = fc.record({ columns: fc.integer({ min: 1, max: 130 }), cellWidth: fc.integer({ min: 1, max: 9 }) })

  const idsIn = (rows: readonly Row[]) => rows.flat().flatMap((piece) => (piece.kind === 'cell' ? [piece.id] : []))

  it('has each vCPU once, in order, and no line wider than the screen where a cell fits', () => {
    fc.assert(
      fc.property(machines, sizes, (vcpus, { columns, cellWidth }) => {
        const idWidth = String(vcpus.length - 1).length
        const rows = layOut(arrange(vcpus), { columns, cellWidth, idWidth })
        expect(idsIn(rows)).toEqual(vcpus.map(({ id }) => id))
        const room = cellWidth === 1 ? idWidth + 3 : cellWidth
        for (const row of rows) {
          if (!row.some(({ kind }) => kind === 'cell')) continue
          const width = row.reduce((sum, each) => sum + (each.kind === 'cell' ? each.width : each.text.length), 0)
          expect(width).toBeLessThanOrEqual(Math.max(columns, room))
        }
      }),
    )
  })

  it('is walked through whole by right and by down, and back', () => {
    fc.assert(
      fc.property(machines, sizes, (vcpus, { columns, cellWidth }) => {
        const rows = layOut(arrange(vcpus), { columns, cellWidth, idWidth: 3 })
        const last = vcpus.length - 1
        let [right, down, up] = [0, 0, last]
        for (let step = 0; step < vcpus.length; step++) {
          expect(right).toBe(step)
          right = move(rows, right, 'right')
          down = move(rows, down, 'down')
          up = move(rows, up, 'up')
        }
        expect(right).toBe(last)
        const cells = rows.map((row) => idsIn([row])).filter((ids) => ids.length > 0)
        expect(cells.at(-1)).toContain(down)
        expect(cells[0]).toContain(up)
        expect([move(rows, down, 'first'), move(rows, up, 'last')]).toEqual([0, last])
        expect(move(rows, last + 1, 'left')).toBe(0)
      }),
    )
  })
})
