import { quote } from '../index.ts'
import { usageError } from './errors.ts'
import { COMMON_OPTIONS, QUESTIONS } from './options.ts'
import type { OptionHelp, Verb } from './verb.ts'
import { VERBS } from './verbs/index.ts'

const SHELLS = { bash, zsh, fish } as const

/**
 * The script that makes a shell complete the command's verbs and options.
 *
 * @param operands - the shell's name
 * @throws {@link InputError} `ERR_USAGE` for another shell
 */
export function completionScript(operands: readonly string[]): string {
  const [shell, extra] = operands
  const expected = `expected one of ${Object.keys(SHELLS).join(', ')}`
  if (shell === undefined) throw usageError(`completion: the shell is missing, ${expected}`)
  if (extra !== undefined) throw usageError(`completion: ${quote(extra)} is one operand too many`)
  const script = Object.entries(SHELLS).find(([name]) => name === shell)?.[1]
  if (script === undefined)
    throw usageError(`completion: ${quote(shell)} is not a shell that is known here, ${expected}`)
  return script()
}

/** Every option of a verb, its own first. */
function optionsOf(verb: Verb): readonly (readonly [name: string, option: OptionHelp])[] {
  return [...Object.entries(verb.options), ...Object.entries(COMMON_OPTIONS), ...Object.entries(QUESTIONS)]
}

/** What stands after a verb, where it is one of a few words. */
function wordsOf(verb: Verb): readonly string[] {
  return verb.operands.includes('on|off') ? ['on', 'off'] : []
}

const ADDRESSES = ['qmp', 'qga']
const names = (): string => [...VERBS.map(({ name }) => name), 'completion', 'help'].join(' ')

function bash(): string {
  const cases = VERBS.map((verb) => {
    const words = [...wordsOf(verb), ...optionsOf(verb).map(([name]) => `--${name}`)]
    return `    ${verb.name}) words='${words.join(' ')}' ;;`
  })
  return `# bash completion for qemu-vcpu: source <(qemu-vcpu completion bash)
_qemu_vcpu() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]} words=''
  case $previous in
    ${ADDRESSES.map((name) => `--${name}`).join('|')}) compopt -o filenames 2>/dev/null; COMPREPLY=($(compgen -f -- "$current")); return ;;
    completion) COMPREPLY=($(compgen -W '${Object.keys(SHELLS).join(' ')}' -- "$current")); return ;;
  esac
  case \${COMP_WORDS[1]} in
${cases.join('\n')}
    *) words='${names()}' ;;
  esac
  if [ "$COMP_CWORD" -eq 1 ]; then words='${names()}'; fi
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -F _qemu_vcpu qemu-vcpu`
}

function zsh(): string {
  const verbs = VERBS.map(({ name, summary }) => `    '${name}:${escaped(summary)}'`)
  const cases = VERBS.map((verb) => {
    const options = optionsOf(verb).map(([name, option]) => zshOption(name, option))
    const words = wordsOf(verb)
    const rest = words.length === 0 ? [] : [`'*:operand:(${words.join(' ')})'`]
    return `    ${verb.name}) _arguments ${[...options, ...rest].join(' ')} ;;`
  })
  return `#compdef qemu-vcpu
# zsh completion for qemu-vcpu: qemu-vcpu completion zsh > "\${fpath[1]}/_qemu-vcpu"
_qemu_vcpu() {
  local -a verbs
  verbs=(
${verbs.join('\n')}
    'completion:print a completion script'
    'help:show the help of a verb'
  )
  if (( CURRENT == 2 )); then
    _describe verb verbs
    return
  fi
  local verb=$words[2]
  shift words
  (( CURRENT-- ))
  case $verb in
${cases.join('\n')}
    completion) _values shell ${Object.keys(SHELLS).join(' ')} ;;
  esac
}
compdef _qemu_vcpu qemu-vcpu`
}

function zshOption(name: string, { help, value }: OptionHelp): string {
  const action = value === undefined ? '' : `:${value.replaceAll(':', '')}:${ADDRESSES.includes(name) ? '_files' : ''}`
  return `'--${name}[${escaped(help)}]${action}'`
}

function escaped(text: string): string {
  return text.replaceAll("'", "'\\''").replaceAll('[', '\\[').replaceAll(']', '\\]').replaceAll(':', '\\:')
}

function fish(): string {
  const verbs = VERBS.map(
    ({ name, summary }) => `complete -c qemu-vcpu -n __fish_use_subcommand -a ${name} -d '${fishText(summary)}'`,
  )
  const options = VERBS.flatMap((verb) =>
    optionsOf(verb).map(([name, { help, value }]) => {
      const takes = value === undefined ? '' : ADDRESSES.includes(name) ? ' -r -F' : ' -x'
      return `complete -c qemu-vcpu -n '__fish_seen_subcommand_from ${verb.name}' -l ${name}${takes} -d '${fishText(help)}'`
    }),
  )
  const words = VERBS.filter((verb) => wordsOf(verb).length > 0).map(
    (verb) => `complete -c qemu-vcpu -n '__fish_seen_subcommand_from ${verb.name}' -a '${wordsOf(verb).join(' ')}'`,
  )
  return [
    '# fish completion for qemu-vcpu: qemu-vcpu completion fish | source',
    'complete -c qemu-vcpu -f',
    ...verbs,
    "complete -c qemu-vcpu -n __fish_use_subcommand -a completion -d 'print a completion script'",
    `complete -c qemu-vcpu -n '__fish_seen_subcommand_from completion' -a '${Object.keys(SHELLS).join(' ')}'`,
    ...options,
    ...words,
  ].join('\n')
}

function fishText(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")
}
