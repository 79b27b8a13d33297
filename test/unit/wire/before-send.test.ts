import { describe, expect, test, vi } from 'vitest'
import { QgaClient } from '../../../src/qga/index.ts'
import { setGuestVcpus } from '../../../src/qga/set-vcpus.ts'
import { callerOwned } from '../../../src/wire/caller-owned.ts'
import { ManualClock } from '../../support/manual-clock.ts'
import { testClock } from '../../support/passing-clock.ts'
import { answer, answerSync, ScriptedPeer, settle, synced } from '../qga/kit.ts'
import { ready } from '../qmp/kit.ts'

const over = new Error('what it was decided on is over')

const refuse = () => {
  throw over
}

describe('what is asked right before a command leaves', () => {
  test('is asked of the agent when the sync before it has been answered, and ends it unsent', async () => {
    const peer = new ScriptedPeer()
    const client = await QgaClient.connect(peer.near, { clock: testClock(), sync: false })
    const beforeSend = vi.fn(refuse)
    const onUnsent = vi.fn()
    const call = expect(client.execute('x', undefined, { beforeSend, onUnsent })).rejects.toBe(over)
    await settle()
    expect(beforeSend).not.toHaveBeenCalled()
    await answerSync(peer)
    await call
    expect(beforeSend).toHaveBeenCalledOnce()
    expect(onUnsent).toHaveBeenCalledOnce()
    expect(peer.heard).toBe('')
    // The agent is in step still.
    const next = client.execute('y')
    expect((await answer(peer, '1')).execute).toBe('y')
    expect(await next).toBe(1)
    await client.close()
  })

  test('is asked of the monitor, and ends it unsent', async () => {
    const { peer, client } = await ready()
    await expect(client.execute('x', undefined, { beforeSend: refuse })).rejects.toBe(over)
    await settle()
    expect(peer.heard).toBe('')
    await client.close()
  })

  test('is asked for an executor of the caller’s own when it is handed the command', async () => {
    const execute = vi.fn(() => Promise.resolve(1))
    const { executor } = callerOwned({ execute }, new ManualClock())
    await expect(executor.execute('x', undefined, { beforeSend: refuse })).rejects.toBe(over)
    expect(execute).not.toHaveBeenCalled()
    expect(await executor.execute('x', undefined, { beforeSend: () => undefined })).toBe(1)
  })

  test('is asked again for what is left of several CPUs of the guest', async () => {
    const { peer, client } = await synced()
    const beforeSend = vi.fn()
    const changes = [1, 2].map((id) => ({ 'logical-id': id, online: false }))
    const call = setGuestVcpus(client, changes, { beforeSend })
    await answer(peer, '1')
    await answer(peer, '1')
    await call
    expect(beforeSend).toHaveBeenCalledTimes(2)
    await client.close()
  })
})
