import { stripVTControlCharacters } from 'node:util'
import { describe, expect, it } from 'vitest'
import { renderIds } from '../../../src/cli/render/id-list.ts'
import { paintFor, plain } from '../../../src/cli/render/style.ts'
import { renderTable } from '../../../src/cli/render/table.ts'
import { topologyText } from '../../../src/cli/render/topology.ts'
import { renderVcpus } from '../../../src/cli/render/vcpu-table.ts'
import { CpuMap } from '../../../src/index.ts'
import { machine, OFFLINE, ONLINE } from './vcpus.ts'

describe('paint', () => {
  it.each([
    [{ isTerminal: true, env: {} }, '\u001b[32mx\u001b[39m'],
    [{ isTerminal: true, env: { NO_COLOR: '' } }, '\u001b[32mx\u001b[39m'],
    [{ isTerminal: true, env: { NO_COLOR: '1' } }, 'x'],
    [{ isTerminal: true, env: { NO_COLOR: '0' } }, 'x'],
    [{ isTerminal: true, env: { TERM: 'dumb' } }, 'x'],
    [{ isTerminal: false, env: {} }, 'x'],
    [{ isTerminal: false, env: { FORCE_COLOR: '1' } }, 'x'],
  ])('with %j is %j', (screen, text) => {
    expect(paintFor(screen)('green', 'x')).toBe(text)
  })
})

describe('a table', () => {
  const columns = [{ title: 'id', align: 'right' }, { title: 'state' }, { title: 'rest' }] as const
  const rows = [
    [{ text: '5' }, { text: 'on' }, { text: 'one\ntwo' }],
    [{ text: '123' }, { text: 'off', ink: 'alarm' }, { text: '' }],
  ] as const

  it('is aligned, with no space at the end of a line', () => {
    expect(renderTable(columns, rows, plain)).toBe(
      [
        ' id  state  rest', //
        '  5  on     one',
        '            two',
        '123  off',
      ].join('\n'),
    )
  })

  it('is just as wide in colour', () => {
    const colour = renderTable(columns, rows, paintFor({ isTerminal: true, env: {} }))
    expect(colour).toContain('\u001b[1;33moff\u001b[22;39m')
    const bare = stripVTControlCharacters(colour).replace(/ +$/gm, '')
    expect(bare).toBe(renderTable(columns, rows, plain))
  })
})

describe('a list of ids', () => {
  it('is one line where nobody looks at a terminal', () => {
    const map = CpuMap.from(Array.from({ length: 2_000 }, (_, id) => 2 * id))
    expect(renderIds(map, undefined)).toBe(map.toString())
  })

  it('shows that there are none', () => {
    expect(renderIds(CpuMap.empty, 40)).toBe('-')
  })

  it('is broken after a comma, and never wider than there is room', () => {
    const map = CpuMap.parse('0-1,3,5,100-102,200,300-399')
    const lines = renderIds(map, 12).split('\n')
    expect(lines).toEqual(['0-1,3,5,', '100-102,200,', '300-399'])
  })

  it('is cut with a count when it would fill the screen', () => {
    const map = CpuMap.from(Array.from({ length: 2_048 }, (_, id) => 2 * id))
    const lines = renderIds(map, 60).split('\n')
    expect(lines).toHaveLength(5)
    const shown = CpuMap.parse(lines.slice(0, 4).join('').replace(/,$/, ''))
    expect(lines[4]).toBe(`... and ${2_048 - shown.size} more (--json has them all)`)
  })
})

describe('the list of vCPUs', () => {
  it('shows a vCPU with all that is known of it', () => {
    const vcpus = machine(3, (id) =>
      id === 0
        ? { online: true, qomPath: '/machine/unattached/device[0]', hostThreadId: 4000, guest: { ...ONLINE, id: 0 } }
        : id === 1
          ? {
              online: true,
              offlinable: true,
              deviceId: 'cpu1',
              qomPath: '/machine/peripheral/cpu1',
              props: { 'core-id': 1, 'socket-id': 0, 'thread-id': 0 },
              hostThreadId: 51,
              guest: { ...OFFLINE, id: 7, confidence: 'assumed' },
            }
          : {},
    )
    expect(renderVcpus(vcpus, true, plain).split('\n')).toEqual([
      'vCPU  state           device  topology                  host thread  guest CPU        QOM path',
      '   0  plugged, fixed  -       -                                4000  0 on             /machine/unattached/device[0]',
      '   1  plugged         cpu1    socket 0 core 1 thread 0           51  7 off (assumed)  /machine/peripheral/cpu1',
      '   2  free            -       -                                   -  -                -',
    ])
  })

  it('has no column for the guest when there is no agent, and one for slots only where they are large', () => {
    const vcpus = machine(2, () => ({ slot: [0, 1] }))
    expect(renderVcpus(vcpus, false, plain)).toMatch(
      /^vCPU {2}state {2}slot {2}device {2}topology {2}host thread {2}QOM path\n/,
    )
    expect(renderVcpus(vcpus, false, plain)).toMatch(/\n {3}1 {2}free {3}0-1 /)
  })

  it('says that the guest has no CPU for a plugged vCPU', () => {
    expect(
      renderVcpus(
        machine(1, () => ({ online: true })),
        true,
        plain,
      ),
    ).toMatch(/ none /)
  })
})

it.each([
  [{ 'thread-id': 0, 'core-id': 5, 'socket-id': 0 }, 'socket 0 core 5 thread 0'],
  [{ 'core-id': 2, 'node-id': 1, 'die-id': 0, 'socket-id': 3 }, 'node 1 socket 3 die 0 core 2'],
  [{ 'core-id': 1, 'drawer-id': 0, 'book-id': 2, 'socket-id': 3 }, 'drawer 0 book 2 socket 3 core 1'],
  [{ 'core-id': 1, 'tile-id': 4, flavour: 'big' }, 'core 1 tile-id 4 flavour "big"'],
  [{ flavour: '\u001b[2J' }, 'flavour "\\u001b[2J"'],
  [{}, '-'],
])('topology %j is %s', (props, text) => {
  expect(topologyText(props)).toBe(text)
})
