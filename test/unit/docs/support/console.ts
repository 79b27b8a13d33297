/** One command of a console block, and what the page says that it prints. */
export interface ConsoleStep {
  readonly command: string
  readonly output: string
}

/** The steps of a block in which each command follows a `$`. */
export function consoleSteps(text: string): readonly ConsoleStep[] {
  return text
    .split(/^\$ /m)
    .slice(1)
    .map((step) => {
      const [command = '', ...output] = step.split('\n')
      return { command, output: output.join('\n').trim() }
    })
}

/** What differs from run to run, or from a VM to the simulated one, made alike: times, device ids, threads, line breaks of legends. */
export function comparable(output: string): unknown {
  const text = output.trim().replace(/vcpu(\d+)-[0-9a-f]{8}/g, 'vcpu$1-ID')
  if (text.startsWith('{')) return withoutTimes(JSON.parse(text))
  return text
    .replace(/^ *\d+ ms/gm, 'N ms')
    .replace(/^\s*(\d+ {2}\S.*\S) +4\d{3} /gm, '$1 THREAD ')
    .replace(/ {3}(?=[#+!.] )/g, '\n')
    .replace(/ +/g, ' ')
}

function withoutTimes(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutTimes)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, member]) => [
      key,
      /^(atMs|hostThreadIds?)$/.test(key) ? shapeOf(member) : withoutTimes(member),
    ]),
  )
}

function shapeOf(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(shapeOf)
  return value === null ? null : typeof value
}
