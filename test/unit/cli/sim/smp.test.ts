import { expect, test } from 'vitest'
import { findMachine } from '../../../../src/cli/sim/machine.ts'
import { parseSmp } from '../../../../src/cli/sim/smp.ts'

// What machine_parse_smp_config() makes of each (QEMU, hw/core/machine-smp.c), for a machine type of 6.2 and later.
test.each([
  ['2', [2, 2], [1, 1, 2, 1]],
  ['2,maxcpus=8', [2, 8], [1, 1, 8, 1]],
  ['cpus=2,maxcpus=8', [2, 8], [1, 1, 8, 1]],
  ['maxcpus=8,cpus=2', [2, 8], [1, 1, 8, 1]],
  ['2,maxcpus=8,sockets=2', [2, 8], [2, 1, 4, 1]],
  ['2,maxcpus=8,threads=2', [2, 8], [1, 1, 4, 2]],
  ['2,maxcpus=8,cores=2', [2, 8], [4, 1, 2, 1]],
  ['2,maxcpus=8,sockets=2,cores=2', [2, 8], [2, 1, 2, 2]],
  ['2,maxcpus=16,sockets=2,dies=2,threads=2', [2, 16], [2, 2, 2, 2]],
  ['sockets=2,cores=2', [4, 4], [2, 1, 2, 1]],
  ['threads=2', [2, 2], [1, 1, 1, 2]],
  ['maxcpus=4', [4, 4], [1, 1, 4, 1]],
  ['2,maxcpus=8,books=1,drawers=1,clusters=1,modules=1', [2, 8], [1, 1, 8, 1]],
  ['2,sockets=2,cores=2,threads=1', undefined, undefined],
  ['3,threads=2', undefined, undefined],
  ['2,maxcpus=8,sockets=16', undefined, undefined],
  ['1,2=2', undefined, undefined],
  ['2,8', undefined, undefined],
  ['2,maxcpus=8,', undefined, undefined],
  ['2,maxcpus=0x8', undefined, undefined],
  ['2,maxcpus=-8', undefined, undefined],
  ['3,maxcpus=8,threads=3', undefined, undefined],
])('-smp %s', (text, counts, levels) => {
  const read = () => parseSmp(text, findMachine('q35'))
  if (counts === undefined) {
    expect(read).toThrow(expect.objectContaining({ code: 'ERR_USAGE' }))
    return
  }
  const { bootVcpus, maxcpus, sockets, dies, cores, threads } = read()
  expect([
    [bootVcpus, maxcpus],
    [sockets, dies, cores, threads],
  ]).toEqual([counts, levels])
})

test('only PC machines have dies', () => {
  expect(() => parseSmp('2,maxcpus=8,dies=2', findMachine('pseries'))).toThrow(/pseries has no dies/)
  expect(parseSmp('2,maxcpus=8,dies=2', findMachine('pc')).dies).toBe(2)
})
