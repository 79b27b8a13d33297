import { readFileSync } from 'node:fs'
import { COMMON_OPTIONS, QUESTIONS } from './options.ts'
import type { OptionHelp, Verb } from './verb.ts'
import { VERBS } from './verbs/index.ts'

/** The package's version, from its package.json: two folders up from here, in `src` and in `dist` alike. */
export function version(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'))
  return typeof manifest === 'object' && manifest !== null && 'version' in manifest ? String(manifest.version) : '?'
}

/** The help of one verb, or without one the help of the command; ends without a newline. */
export function helpText(verb?: Verb): string {
  return verb === undefined ? commandHelp() : verbHelp(verb)
}

function commandHelp(): string {
  return `qemu-vcpu ${version()}: plug and unplug the vCPUs of a running QEMU, one at a time

usage: qemu-vcpu VERB [OPERANDS] --qmp PATH|HOST:PORT [OPTIONS]
       qemu-vcpu completion bash|zsh|fish

verbs (qemu-vcpu VERB --help says more):
${twoColumns(VERBS.map((verb) => [usageOf(verb), verb.summary]))}

options of every verb:
${optionLines({ ...COMMON_OPTIONS, ...QUESTIONS })}

An address with a / in it, or without a :PORT, is the path of a UNIX socket.
IPv6 is written [::1]:4444. QEMU's own unix:PATH,… and tcp:HOST:PORT,… are
understood. The variables QEMU_VCPU_QMP and QEMU_VCPU_QGA stand in for --qmp and
--qga. With --via, as in --via 'ssh HOST socat - UNIX-CONNECT:PATH', the shell runs
the command; it is run again when the connection is lost and needed again.

exit status:
  0  done
  1  refused, or failed
  2  wrong usage
  3  cannot connect, or the connection was lost
  4  time ran out, or interrupted during a change: the result is unknown`
}

function verbHelp(verb: Verb): string {
  const own = Object.keys(verb.options).length === 0 ? '' : `options of ${verb.name}:\n${optionLines(verb.options)}\n\n`
  return `usage: qemu-vcpu ${usageOf(verb)}${monitorOf(verb)}${verb.needsAgent ? ' --qga PATH|HOST:PORT' : ''} [OPTIONS]

${capitalised(verb.summary)}.

${verb.details}

${own}options of every verb:
${optionLines(COMMON_OPTIONS)}`
}

function monitorOf({ agentOnly, connectsItself }: Verb): string {
  if (agentOnly === true) return ''
  return connectsItself === true ? ' [--qmp PATH|HOST:PORT]' : ' --qmp PATH|HOST:PORT'
}

function usageOf({ name, operands }: Verb): string {
  return [name, ...operands].join(' ')
}

function optionLines(options: Readonly<Record<string, OptionHelp>>): string {
  return twoColumns(
    Object.entries(options).map(([name, { value, help }]) => [
      `--${name}${value === undefined ? '' : ` ${value}`}`,
      help,
    ]),
  )
}

function twoColumns(rows: readonly (readonly [left: string, right: string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n')
}

function capitalised(text: string): string {
  return text.slice(0, 1).toUpperCase() + text.slice(1)
}
