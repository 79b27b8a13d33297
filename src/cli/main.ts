import { AbortError, Domain, systemClock, type CallOptions, type Clock, type DomainOptions } from '../index.ts'
import { readRequest, type Request } from './args.ts'
import { asksForJson } from './command-line.ts'
import { InterruptedError } from './errors.ts'
import { EXIT } from './exit-code.ts'
import { failureDocument, failureLine, failureOf, type Stage } from './failure.ts'
import { helpText, version } from './help.ts'
import type { CliIo } from './io.ts'
import { jsonLine, safeText } from './render/safe-text.ts'
import { paintFor, plain } from './render/style.ts'
import type { Answer, VerbCode } from './verb.ts'

/** Width of a terminal that does not say its own. */
const DEFAULT_COLUMNS = 80

/**
 * Run the command once. Never rejects: whatever goes wrong is told, on stderr for people and with `--json` on stdout too.
 *
 * @param argv - without the interpreter and the script
 * @returns the exit code
 */
export async function runCli(argv: readonly string[], io: CliIo): Promise<number> {
  const wantsJson = asksForJson(argv)
  let stage: Stage = 'harmless'
  let explain: VerbCode['explain']
  try {
    const request = await readRequest(argv, io.env, io.clock)
    if (request.kind === 'run') explain = request.explain
    const answer = await answerTo(request, io, wantsJson, () => {
      stage = 'changing'
    })
    const failure = answer.failure === undefined ? undefined : failureOf(answer.failure, stage)
    const missing = failure === undefined ? {} : failureDocument(failure)
    const document = answer.json === undefined ? '' : jsonLine({ ...answer.json, ...missing })
    print(wantsJson ? document : safeText(answer.text(), hasInks(io)), io)
    if (answer.hint !== undefined && !wantsJson) io.stderr(`hint: ${answer.hint}\n`)
    if (failure === undefined) return EXIT.done
    io.stderr(`${failureLine(failure)}\n`)
    return failure.exitCode
  } catch (error) {
    const failure = failureOf(error, stage)
    const explanation = explain?.(error)
    print(
      wantsJson
        ? jsonLine({ ...failureDocument(failure), ...explanation?.json })
        : safeText(explanation?.text() ?? '', false),
      io,
    )
    io.stderr(`${failureLine(failure)}\n`)
    return failure.exitCode
  }
}

function hasInks(io: CliIo): boolean {
  return paintFor(io) !== plain
}

function print(text: string, io: CliIo): void {
  if (text !== '') io.stdout(`${text}\n`)
}

function answerTo(request: Request, io: CliIo, wantsJson: boolean, onChanging: () => void): Promise<Answer> {
  switch (request.kind) {
    case 'help': {
      const help = helpText(request.verb)
      return Promise.resolve({ json: { help }, text: () => help })
    }
    case 'completion': {
      const { script } = request
      return Promise.resolve({ json: { script }, text: () => script })
    }
    case 'version':
      return Promise.resolve({ json: { version: version() }, text: version })
    case 'run':
      return interruptible(io.signal, (signal) => runVerb(request, io, wantsJson, signal, onChanging))
    case 'run-alone': {
      const { run, target } = request
      const call = (signal: AbortSignal) => callsWithin(target.timeoutMs, signal, io.clock ?? systemClock)
      return interruptible(io.signal, (signal) => run({ target, call: call(signal), wantsJson, io }))
    }
  }
}

async function runVerb(
  request: Request & { readonly kind: 'run' },
  io: CliIo,
  wantsJson: boolean,
  signal: AbortSignal,
  onChanging: () => void,
): Promise<Answer> {
  const { verb, run, changes, target } = request
  const { clock = systemClock, connect: reach = (options: DomainOptions) => Domain.connect(options) } = io
  const connect = (): Promise<Domain> => reach({ ...target, signal, lazyAgent: verb.lazyAgent, clock })
  const domain = await connect()
  try {
    if (changes) onChanging()
    return await run({
      domain,
      call: callsWithin(target.timeoutMs, signal, clock),
      each: () => ({ signal, timeoutMs: target.timeoutMs }),
      connect,
      onChanging,
      hasAgent: target.qga !== undefined,
      wantsJson,
      io,
      paint: paintFor(io),
      columns: io.isTerminal ? (io.columns ?? DEFAULT_COLUMNS) : undefined,
    })
  } finally {
    await domain.close()
  }
}

/** Without a time-out of the user's each call has its own default. */
function callsWithin(timeoutMs: number | undefined, signal: AbortSignal, clock: Clock): () => CallOptions {
  if (timeoutMs === undefined) return () => ({ signal })
  const endsAtMs = clock.now() + timeoutMs
  // A call gets at least a millisecond: it fails by time-out, not by its argument.
  return () => ({ signal, timeoutMs: Math.max(1, Math.ceil(endsAtMs - clock.now())) })
}

/** Run `task` with a signal whose reason is an error of this package, whatever the outer one's is. */
async function interruptible<T>(outer: AbortSignal, task: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const inner = new AbortController()
  const onAbort = (): void => {
    inner.abort(new InterruptedError())
  }
  if (outer.aborted) onAbort()
  outer.addEventListener('abort', onAbort, { once: true })
  try {
    return await task(inner.signal)
  } catch (error) {
    throw error instanceof AbortError ? new InterruptedError(error.outcome) : error
  } finally {
    outer.removeEventListener('abort', onAbort)
  }
}
