/**
 * What a user of the library writes with a generated file: what it declares is used as it is meant to, and each line below
 * an `@ts-expect-error` is one that the compiler has to refuse.
 */
export const USER_CODE = `
import { isSchemaEvent, type QmpClient, type QmpEvent, type QmpExecutor, type QmpSchemaReturn } from 'qemu-vcpu/qmp'

export async function use(client: QmpClient, event: QmpEvent, any: string): Promise<unknown> {
  const executor: QmpExecutor = client
  const [block] = await client.execute('query-block')
  const file = block?.inserted?.image.filename satisfies string | undefined
  const info = (await client.execute('query-blockstats', { 'query-nodes': true })) satisfies QmpSchemaReturn<'query-blockstats'>
  await client.execute('query-named-block-nodes', undefined, { timeoutMs: 1_000 })
  await client.execute('blockdev-add', { driver: 'file', filename: '/x', 'node-name': 'n' })
  await client.execute('blockdev-add', { driver: 'qcow2', file: { driver: 'file', filename: '/x' }, 'l2-cache-size': 1 })
  await client.execute('device_add', { driver: 'virtio-rng-pci', bus: 'pcie.0', rng: 'any property' })
  const versions = (await client.execute('query-version')).qemu.major satisfies number
  const free = (await client.execute(any, { of: 'any kind' })) satisfies unknown

  // @ts-expect-error a member of another driver
  await client.execute('blockdev-add', { driver: 'file', filename: '/x', 'l2-cache-size': 1 })
  // @ts-expect-error a driver that there is not
  await client.execute('blockdev-add', { driver: 'nonsense', filename: '/x' })
  // @ts-expect-error nothing to add
  await client.execute('blockdev-add')
  // @ts-expect-error no id
  await client.execute('device_del', {})
  // @ts-expect-error it takes no arguments
  await client.execute('query-block-jobs', { job: 'x' })
  // @ts-expect-error no such member
  const missing: unknown = block?.nonsense

  if (isSchemaEvent(event, 'BLOCK_JOB_COMPLETED')) {
    // @ts-expect-error no such member
    const wrong: unknown = event.data.nonsense.deep
    return [event.data.len satisfies number, wrong]
  }
  // @ts-expect-error no such event
  isSchemaEvent(event, 'NONSENSE')
  return [executor, file, info, versions, free, missing]
}
`
