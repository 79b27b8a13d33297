import { readFileSync } from 'node:fs'
import { InputError, layoutArguments, parseLayout, quote, type VcpuLayout } from '../../index.ts'
import { usageError } from '../errors.ts'
import { finishRun, planDocument } from '../finish-run.ts'
import { requireOperands } from '../operands.ts'
import { shellWord } from './shell-word.ts'
import type { Answer, Session, VerbCode } from '../verb.ts'

/** Standard input, as an operand names it. */
const STDIN = '-'
/** Larger than the layout of any machine, in bytes. */
const MAX_LAYOUT_BYTES = 16 * 1024 * 1024

/** Check what the verb was given, and say what it does then. */
export const prepare: VerbCode['prepare'] = ({ operands, options }) => {
  requireOperands('export', operands, [])
  const file = options.get('apply')
  if (typeof file !== 'string') return printLayout
  const layout = readLayoutFile(file)
  return (session) => applyLayout(session, layout)
}

async function printLayout({ domain, call }: Session): Promise<Answer> {
  const layout = await domain.exportLayout(call())
  const args = layoutArguments(layout)
  return { json: { ...layout, args }, text: () => shellLines(args) }
}

async function applyLayout(session: Session, layout: VcpuLayout): Promise<Answer> {
  const run = session.domain.applyLayout(layout, session.call())
  const { changed, outcome, online, plan } = await finishRun(session, run)
  const count = `${online} ${online === 1 ? 'vCPU is' : 'vCPUs are'} plugged`
  return {
    json: { changed, outcome, online, plan: planDocument(plan) },
    text: () =>
      changed.size === 0 ? `${count} already; nothing sent` : `plugged vCPU ${String(changed)}; ${count} now`,
  }
}

function readLayoutFile(file: string): VcpuLayout {
  let text: string
  try {
    text = readFileSync(file === STDIN ? process.stdin.fd : file, 'utf8')
  } catch (error) {
    throw usageError(
      `--apply ${quote(file)} cannot be read: ${error instanceof Error ? error.message : 'unknown error'}`,
      'export',
    )
  }
  if (text.length > MAX_LAYOUT_BYTES) {
    throw new InputError(
      'ERR_LAYOUT',
      `--apply ${quote(file)} has ${text.length} characters, at most ${MAX_LAYOUT_BYTES} are read`,
    )
  }
  return parseLayout(parseJson(text, file))
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new InputError('ERR_LAYOUT', `--apply ${quote(file)} is not JSON: expected what export --json prints`)
  }
}

/** One option a line, quoted for a shell. */
function shellLines(args: readonly string[]): string {
  const lines: string[] = []
  for (let at = 0; at < args.length; at += 2)
    lines.push(
      args
        .slice(at, at + 2)
        .map(shellWord)
        .join(' '),
    )
  return lines.join(' \\\n')
}
