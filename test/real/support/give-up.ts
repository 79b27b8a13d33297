import { expect } from 'vitest'
import type { Domain, SetVcpuStateOptions } from '../../../src/index.ts'

/** Ask for an unplug, and give up as soon as QEMU has taken the request, however long that takes: the guest may never be heard. */
export async function unplugAndGiveUp(domain: Domain, id: number, options: SetVcpuStateOptions = {}): Promise<void> {
  const caller = new AbortController()
  const onStep: SetVcpuStateOptions['onStep'] = ({ step }) => {
    if (step === 'device_del') caller.abort()
  }
  await expect(domain.setVcpuState(id, false, { ...options, signal: caller.signal, onStep })).rejects.toMatchObject({
    name: 'AbortError',
    outcome: 'unknown',
  })
}
