import { describe, expect, test } from 'vitest'
import { Domain, RefusedError } from '../../src/index.ts'
import { versionsOf } from './machines/index.ts'
import { expectUntouched, failureOf, ownWords, Sent } from './refusals.ts'
import { asCell } from './results.ts'
import { start, titleOf } from './support.ts'

const WORDS = 'CPU hot unplug not supported on this machine'
const configuration = {
  name: 'unplug',
  machine: 's390-ccw-virtio',
  target: 's390x',
  smp: '2,maxcpus=6',
} as const

describe('s390x never lets a vCPU go: refused before anything is sent', () => {
  for (const version of versionsOf('s390x')) {
    test(titleOf({ configuration, version }), async () => {
      await using machine = await start({ configuration, version })
      await using plugging = await Domain.connect({ qmp: machine.qmpPath })
      await plugging.setVcpuState(4, true)
      await plugging.close()

      const sent = new Sent()
      await using domain = await Domain.connect({ qmp: machine.qmpPath, trace: sent.trace })
      expect(String(await domain.getVcpuMap('offlinable'))).toBe('')
      await asCell({ machine: configuration.machine, qemu: machine.qemuVersion, aspect: 'unplug' }, async () => {
        for (const id of [4, 1]) {
          const refused = await failureOf(domain.setVcpuState(id, false))
          expect(refused).toBeInstanceOf(RefusedError)
          expect(refused).toMatchObject({ code: 'ERR_NOT_OFFLINABLE', outcome: 'not-sent' })
          expect(refused.message).toContain('this machine type never unplugs a vCPU')
        }
        await expectUntouched(machine, sent, [0, 1, 4])
        // Nobody was refused what QEMU would have done.
        const path = (await domain.vcpus())[4]?.qomPath
        const message = await ownWords(machine.query('device_del', { id: path }))
        expect(message).toBe(WORDS)
        return { verdict: 'refused-by-qemu', message }
      })
    })
  }
})
