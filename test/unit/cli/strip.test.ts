import { expect, it } from 'vitest'
import { renderStrip } from '../../../src/cli/render/strip.ts'
import { plain } from '../../../src/cli/render/style.ts'
import { at } from './at.ts'
import { machine, OFFLINE, ONLINE } from './vcpus.ts'

it('tells fixed, movable and free apart', () => {
  const vcpus = machine(8, (id) => (id < 2 ? { online: true, offlinable: id > 0 } : {}))
  expect(renderStrip(vcpus, 80, plain).split('\n')).toEqual([
    '0  #+......',
    '',
    '# plugged, fixed: 1   + plugged, can be unplugged: 1   . free: 6',
  ])
})

it('makes a plugged vCPU stand out that the guest does not run, or has no CPU for', () => {
  const guests = [ONLINE, OFFLINE, null]
  const vcpus = machine(4, (id) => (id < 3 ? { online: true, offlinable: true, guest: guests[id] ?? null } : {}))
  const [row, , ...legend] = renderStrip(vcpus, 80, plain).split('\n')
  expect(row).toBe('0  +!!.')
  expect(legend.join(' ')).toContain('! plugged, but the guest does not run it: 2')
})

it('raises no alarm where nothing is known of the guest', () => {
  expect(
    renderStrip(
      machine(2, () => ({ online: true })),
      80,
      plain,
    ),
  ).toMatch(/^0 {2}##\n/)
})

it('begins each row with its first id and fits the width', () => {
  const vcpus = machine(255, (id) => ({ online: id % 3 === 0, offlinable: id > 0 }))
  const [picture = ''] = renderStrip(vcpus, 60, plain).split('\n\n')
  const rows = picture.split('\n')
  expect(rows.map((row) => row.slice(0, 3))).toEqual(['  0', ' 32', ' 64', ' 96', '128', '160', '192', '224'])
  for (const row of rows) expect(row.length).toBeLessThanOrEqual(60)
  expect(at(rows, 1)).toBe(' 32  .+..+..+ ..+..+.. +..+..+. .+..+..+')
})

it('tells rows that repeat the one above in one line', () => {
  const rows = renderStrip(
    machine(4_096, (id) => ({ online: id < 100 })),
    80,
    plain,
  ).split('\n')
  expect(rows.slice(2, 5)).toEqual([
    ` 128  ${Array.from({ length: 8 }, () => '........').join(' ')}`,
    '   *  the same: 192-4095',
    '',
  ])
})

it('keeps what moves together in one group', () => {
  const vcpus = machine(16, (id) => {
    const first = id - (id % 4)
    return { online: id < 4 || id >= 12, offlinable: id >= 12, slot: [first, first + 1, first + 2, first + 3] }
  })
  expect(renderStrip(vcpus, 80, plain)).toMatch(/^ 0 {2}#### \.\.\.\. \.\.\.\. \+\+\+\+\n/)
})

it('is readable on any width, however narrow', () => {
  expect(renderStrip(machine(16), 1, plain)).toMatch(/^ 0 {2}\.{8}\n 8 {2}\.{8}\n/)
})
