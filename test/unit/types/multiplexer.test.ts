// What sharing a monitor promises in types.
import type { Duplex } from 'node:stream'
import { expectTypeOf, test } from 'vitest'
import type { Domain, DomainOptions, WireLimits } from 'qemu-vcpu'
import type { QmpClient, QmpMultiplexer, QmpMultiplexerOptions, Target } from 'qemu-vcpu/qmp'

test('a multiplexer is made of a place or a client, and gives an endpoint', () => {
  expectTypeOf<ConstructorParameters<typeof QmpMultiplexer>>().toEqualTypeOf<
    [source: Target | QmpClient, options?: QmpMultiplexerOptions | undefined]
  >()
  expectTypeOf<QmpMultiplexer['endpoint']>().toEqualTypeOf<() => Promise<Duplex>>()
  expectTypeOf<QmpMultiplexer['serve']>().toEqualTypeOf<(duplex: Duplex) => Promise<void>>()
  expectTypeOf<QmpMultiplexer['clients']>().toEqualTypeOf<number>()
  expectTypeOf<QmpMultiplexer['close']>().toEqualTypeOf<() => Promise<void>>()
  expectTypeOf<QmpMultiplexer>().toExtend<AsyncDisposable>()
  expectTypeOf<QmpMultiplexerOptions['clientLimits']>().toEqualTypeOf<Partial<WireLimits> | undefined>()
})

test('its endpoint is one of a Domain and of a client', () => {
  expectTypeOf<QmpMultiplexer['endpoint']>().toExtend<DomainOptions['qmp']>()
  expectTypeOf<QmpMultiplexer['endpoint']>().toExtend<Parameters<typeof QmpClient.connect>[0]>()
  expectTypeOf<{ qmp: QmpMultiplexer['endpoint'] }>().toExtend<Parameters<typeof Domain.connect>[0]>()
})
