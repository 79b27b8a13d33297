import type { Duplex } from 'node:stream'
import { expectTypeOf, test } from 'vitest'
import type { MAX_TIMEOUT_MS, VCPU_MAP_KINDS } from 'qemu-vcpu'
import {
  CONFIDENCES,
  SCALE_POLICIES,
  type CallOptions,
  type ChangeStep,
  type Clock,
  type Confidence,
  type Dialer,
  type DomainConnectLimits,
  type DomainLimits,
  type DomainOptions,
  type Endpoint,
  type OnStep,
  type PlanOptions,
  type QgaExecutor,
  type QmpExecutor,
  type ReconnectMode,
  type ScaleOptions,
  type ScalePolicy,
  type SetVcpuStateOptions,
  type SetVcpuStatesOptions,
  type SocketAddress,
  type Target,
  type TcpAddress,
  type VcpuMapKind,
  type VcpusOptions,
  type WireLimits,
  type WireTrace,
} from 'qemu-vcpu'

test('how long a call may take', () => {
  expectTypeOf<CallOptions>().toEqualTypeOf<{
    readonly signal?: AbortSignal | undefined
    readonly timeoutMs?: number | undefined
  }>()
  expectTypeOf<typeof MAX_TIMEOUT_MS>().toEqualTypeOf<2147483647>()
})

test('where a peer is', () => {
  expectTypeOf<TcpAddress>().toEqualTypeOf<{ readonly host: string; readonly port: number }>()
  expectTypeOf<SocketAddress>().toEqualTypeOf<string | TcpAddress>()
  expectTypeOf<Dialer>().toEqualTypeOf<() => Duplex | Promise<Duplex>>()
  expectTypeOf<Target>().toEqualTypeOf<string | TcpAddress | Duplex | Dialer>()
  expectTypeOf<Endpoint<QmpExecutor>>().toEqualTypeOf<Target | QmpExecutor>()
})

test('what a domain is connected with; with exactOptionalPropertyTypes undefined can be passed on', () => {
  expectTypeOf<Omit<DomainOptions, keyof CallOptions>>().toEqualTypeOf<{
    readonly qmp?: Endpoint<QmpExecutor> | undefined
    readonly qga?: Endpoint<QgaExecutor> | undefined
    readonly lazyAgent?: boolean | undefined
    readonly trace?: WireTrace | undefined
    readonly name?: string | undefined
    readonly reconnect?: ReconnectMode | undefined
    readonly limits?: DomainConnectLimits | undefined
    readonly clock?: Clock | undefined
  }>()
  expectTypeOf<DomainOptions>().toExtend<CallOptions>()
  expectTypeOf<ReconnectMode>().toEqualTypeOf<'on-demand' | 'eager' | false>()
  expectTypeOf<DomainLimits>().toEqualTypeOf<{
    readonly maxVcpus?: number | undefined
    readonly maxHintsPerSecond?: number | undefined
  }>()
  expectTypeOf<Omit<DomainConnectLimits, keyof DomainLimits>>().toEqualTypeOf<{
    readonly qmp?: Partial<WireLimits> | undefined
    readonly qga?: Partial<WireLimits> | undefined
  }>()
  // @ts-expect-error: no such mode
  expectTypeOf<'never'>().toExtend<ReconnectMode>()
})

test('the words that are options, as lists that a program can show', () => {
  expectTypeOf<VcpuMapKind>().toEqualTypeOf<
    | 'online'
    | 'onlinable'
    | 'offlinable'
    | 'possible'
    | 'agent-online'
    | 'agent-offline'
    | 'agent-offlinable'
    | 'agent-onlinable'
    | 'agent-possible'
  >()
  expectTypeOf<(typeof VCPU_MAP_KINDS)[number]>().toEqualTypeOf<VcpuMapKind>()
  expectTypeOf(CONFIDENCES).toEqualTypeOf<readonly ['exact', 'observed', 'computed', 'assumed']>()
  expectTypeOf<Confidence>().toEqualTypeOf<'exact' | 'observed' | 'computed' | 'assumed'>()
  expectTypeOf(SCALE_POLICIES).toEqualTypeOf<readonly ['lowest', 'spread-nodes', 'spread-sockets']>()
  expectTypeOf<ScalePolicy>().toEqualTypeOf<'lowest' | 'spread-nodes' | 'spread-sockets'>()
})

test('how vCPUs are read, planned and changed', () => {
  expectTypeOf<Omit<VcpusOptions, keyof CallOptions>>().toEqualTypeOf<{
    readonly guest?: boolean | undefined
    readonly onGuestError?: ((error: unknown) => void) | undefined
  }>()
  expectTypeOf<PlanOptions>().toEqualTypeOf<{
    readonly guest?: boolean | undefined
    readonly leastConfidence?: Confidence | undefined
    readonly policy?: ScalePolicy | undefined
  }>()
  expectTypeOf<Omit<SetVcpuStateOptions, keyof CallOptions>>().toEqualTypeOf<{
    readonly wholeSlot?: boolean | undefined
    readonly deviceId?: string | undefined
    readonly guest?: boolean | undefined
    readonly rollback?: boolean | undefined
    readonly rollbackTimeoutMs?: number | undefined
    readonly leastConfidence?: Confidence | undefined
    readonly onStep?: OnStep | undefined
  }>()
  // A run takes what a single change takes, and a count what a plan takes too.
  expectTypeOf<SetVcpuStatesOptions>().toExtend<SetVcpuStateOptions>()
  expectTypeOf<keyof SetVcpuStatesOptions>().toEqualTypeOf<keyof SetVcpuStateOptions>()
  expectTypeOf<keyof ScaleOptions>().toEqualTypeOf<keyof SetVcpuStatesOptions | keyof PlanOptions>()
  expectTypeOf<ScaleOptions>().toExtend<PlanOptions & SetVcpuStatesOptions>()
  // A step can be waited for.
  expectTypeOf<OnStep>().toEqualTypeOf<(step: ChangeStep) => void | PromiseLike<void>>()
})
