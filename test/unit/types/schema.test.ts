import { expectTypeOf, test } from 'vitest'
import type { ExecuteOptions, QmpArguments, QmpCallOptions } from 'qemu-vcpu'
import type { QgaClient, QgaListedCommandName, QgaListedCommands, QgaListedReturn } from 'qemu-vcpu/qga'
import type {
  AnyCommandName,
  isSchemaEvent,
  QmpClient,
  QmpEvent,
  QmpSchemaArguments,
  QmpSchemaCommandName,
  QmpSchemaCommands,
  QmpSchemaEvents,
  QmpSchemaReturn,
  RestOfCall,
} from 'qemu-vcpu/qmp'

// With a generated file they are filled: test/real/typegen.test.ts and test/unit/package/shipped.test.ts compile such files.
test('without a generated file the maps are empty, and any command takes any object', () => {
  expectTypeOf<keyof QmpSchemaCommands>().toBeNever()
  expectTypeOf<keyof QmpSchemaEvents>().toBeNever()
  expectTypeOf<keyof QgaListedCommands>().toBeNever()
  expectTypeOf<QmpSchemaCommandName>().toBeNever()
  expectTypeOf<QgaListedCommandName>().toBeNever()
  expectTypeOf<AnyCommandName>().toEqualTypeOf<string>()
  expectTypeOf<QmpSchemaArguments<'x-any'>>().toEqualTypeOf<QmpArguments | undefined>()
  expectTypeOf<QmpSchemaReturn<'x-any'>>().toBeUnknown()
  expectTypeOf<RestOfCall<'x-any'>>().toEqualTypeOf<[args?: QmpArguments | undefined, options?: QmpCallOptions]>()
  expectTypeOf<QgaListedReturn<never>>().toBeNever()
})

test('a command that is not known returns what has to be narrowed', () => {
  const ask = (qmp: QmpClient, qga: QgaClient) => [
    qmp.execute('x-any', { a: 1 }, { timeoutMs: 1 } satisfies ExecuteOptions),
    qga.execute('x-any', { a: 1 }, { timeoutMs: 1 }),
  ]
  expectTypeOf(ask).returns.items.toEqualTypeOf<Promise<unknown>>()
  expectTypeOf<Parameters<typeof isSchemaEvent>>().toEqualTypeOf<[event: QmpEvent, name: never]>()
})
