// What a server of the bench reads and answers.
import { existsSync, readFileSync } from 'node:fs'

export const GREETING =
  '{"QMP": {"version": {"qemu": {"micro": 0, "minor": 0, "major": 10}, "package": ""}, "capabilities": ["oob"]}}\r\n'

/** What each command is answered with: by `known`, else by the file of its name in `directory`, else with nothing. */
export function answers(directory, known = {}) {
  const replies = new Map(Object.entries(known))
  const replyTo = (command) => {
    const file = `${directory}/${command}`
    if (!replies.has(command)) replies.set(command, existsSync(file) ? readFileSync(file, 'utf8') : '{}')
    return replies.get(command)
  }
  return (text) => {
    const { execute, id, arguments: args } = JSON.parse(text)
    if (execute.startsWith('guest-sync')) return Buffer.from(`\xff{"return": ${args.id}}\n`, 'latin1')
    return `{"return": ${replyTo(execute)}${id === undefined ? '' : `, "id": ${JSON.stringify(id)}`}}\r\n`
  }
}

/** Splits a stream of JSON objects, with or without line ends. */
export function splitter(onCommand) {
  let text = ''
  let depth = 0
  let isQuoted = false
  let isEscaped = false
  return (chunk) => {
    for (const char of chunk.toString('latin1')) {
      if (depth === 0 && char !== '{') continue
      text += char
      if (isEscaped) isEscaped = false
      else if (isQuoted) {
        if (char === '\\') isEscaped = true
        else if (char === '"') isQuoted = false
      } else if (char === '"') isQuoted = true
      else if (char === '{' || char === '[') depth++
      else if ((char === '}' || char === ']') && --depth === 0) {
        onCommand(text)
        text = ''
      }
    }
  }
}
