import type { Duplex } from 'node:stream'
import { expectTypeOf, test } from 'vitest'
import type { Clock } from 'qemu-vcpu'
import type { ConnectionErrorCode, openMonitor, OpenMonitorOptions, QmpExecutor } from 'qemu-vcpu/qmp'

test('openMonitor makes a connected stream of an executor', () => {
  expectTypeOf<typeof openMonitor>().toEqualTypeOf<
    (executor: QmpExecutor, options?: OpenMonitorOptions) => Promise<Duplex>
  >()
  expectTypeOf<OpenMonitorOptions['directory']>().toEqualTypeOf<string | undefined>()
  expectTypeOf<OpenMonitorOptions['clock']>().toEqualTypeOf<Clock | undefined>()
  expectTypeOf<OpenMonitorOptions['signal']>().toEqualTypeOf<AbortSignal | undefined>()
  expectTypeOf<OpenMonitorOptions['timeoutMs']>().toEqualTypeOf<number | undefined>()
  expectTypeOf<'ERR_NO_RUNTIME_MONITOR'>().toExtend<ConnectionErrorCode>()
})
