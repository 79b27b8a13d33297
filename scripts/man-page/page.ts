import { helpText, version } from '../../src/cli/help.ts'
import { COMMON_OPTIONS, QUESTIONS } from '../../src/cli/options.ts'
import type { OptionHelp, Verb } from '../../src/cli/verb.ts'
import { VERBS } from '../../src/cli/verbs/index.ts'

/** The manual page in the language of man(7), made of the command's own help. */
export function manPage(): string {
  const { about, exits } = partsOfHelp()
  return `${[
    '.\\" Made by npm run pages from the help of the command; do not edit.',
    `.TH QEMU-VCPU 1 "" "qemu-vcpu ${version()}" "User Commands"`,
    '.SH NAME',
    'qemu\\-vcpu \\- plug and unplug the vCPUs of a running QEMU, one at a time',
    '.SH SYNOPSIS',
    ...VERBS.flatMap((verb) => [`.B qemu\\-vcpu ${roff(usageOf(verb))}`, '.RI [ OPTIONS ]', '.br']),
    '.B qemu\\-vcpu completion',
    'bash|zsh|fish',
    '.SH DESCRIPTION',
    'Shows which vCPUs of a running QEMU are plugged, can be plugged and can be unplugged, and changes them one at a time,',
    "over QEMU's monitor (QMP) and the guest agent. Ids are QEMU's cpu\\-indexes, for empty slots too; the guest's own ids are",
    'a different numbering, and list shows both side by side.',
    '.SH VERBS',
    ...VERBS.flatMap(verbSection),
    '.SH OPTIONS',
    ...optionList({ ...COMMON_OPTIONS, ...QUESTIONS }),
    '.SH ADDRESSES',
    ...paragraphs(about),
    '.SH ENVIRONMENT',
    ...item('QEMU_VCPU_QMP', 'stands in for \\-\\-qmp'),
    ...item('QEMU_VCPU_QGA', 'stands in for \\-\\-qga'),
    ...item('NO_COLOR', 'when set to anything, no colour'),
    '.SH EXIT STATUS',
    ...exits.flatMap(([status, text]) => item(status, roff(text))),
    '.SH EXAMPLES',
    ...EXAMPLES.flatMap(([command, text]) => ['.PP', text, '.PP', '.RS 4', '.nf', roff(command), '.fi', '.RE']),
    '.SH SEE ALSO',
    '.BR qemu\\-system\\-x86_64 (1),',
    '.BR virsh (1)',
  ].join('\n')}\n`
}

/** Command lines that the tests parse. */
export const EXAMPLES: readonly (readonly [command: string, text: string])[] = [
  ['qemu-vcpu map --qmp /run/vm1/qmp.sock --qga /run/vm1/qga.sock', 'Every map:'],
  [
    'qemu-vcpu set 5 on --guest --qmp /run/vm1/qmp.sock --qga /run/vm1/qga.sock',
    'Plug vCPU 5, and turn it on in the guest:',
  ],
  ['qemu-vcpu scale 4 --dry-run --qmp /run/vm1/qmp.sock', 'What scaling to 4 vCPUs would do:'],
]

function partsOfHelp(): { readonly about: string; readonly exits: readonly (readonly [string, string])[] } {
  const [before = '', after = ''] = helpText().split('\n\nexit status:\n')
  const exits = after.split('\n').map((line): readonly [string, string] => {
    const [status = '', text = ''] = line.trim().split(/ {2,}/)
    return [status, text]
  })
  return { about: before.slice(before.lastIndexOf('\n\n') + 2), exits }
}

function verbSection(verb: Verb): readonly string[] {
  return [
    `.SS "${roff(usageOf(verb))}"`,
    `${roff(verb.summary.slice(0, 1).toUpperCase() + verb.summary.slice(1))}.`,
    ...paragraphs(verb.details),
    ...optionList(verb.options),
  ]
}

function usageOf({ name, operands }: Verb): string {
  return [name, ...operands].join(' ')
}

function optionList(options: Readonly<Record<string, OptionHelp>>): readonly string[] {
  return Object.entries(options).flatMap(([name, { value, help }]) => [
    '.TP',
    `.B ${roff(`--${name}`)}${value === undefined ? '' : ` \\fI${roff(value)}\\fR`}`,
    roff(help),
  ])
}

function item(term: string, text: string): readonly string[] {
  return ['.TP', `.B ${term}`, text]
}

/** Prose is filled; what is indented in the help keeps its lines. */
function paragraphs(text: string): readonly string[] {
  const lines: string[] = []
  let isTable = false
  for (const line of ['', ...text.split('\n')]) {
    const isIndented = line.startsWith('  ')
    if (isIndented !== isTable) lines.push(...(isIndented ? ['.PP', '.nf'] : ['.fi', ...(line === '' ? [] : ['.PP'])]))
    isTable = isIndented
    lines.push(line === '' ? '.PP' : roff(line))
  }
  if (isTable) lines.push('.fi')
  return lines
}

/** Text as roff reads it back: nothing at the beginning of a line is a request, and a minus stays one. */
function roff(text: string): string {
  return text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replaceAll('…', '...')
    .replace(/^([.'])/, '\\&$1')
}
