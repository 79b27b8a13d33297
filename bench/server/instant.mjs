// What instant.c does, for a host without a compiler: node instant.mjs SOCKET REPLIES. Slower, and so are all rows it is behind.
import { existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'

const [path, directory] = process.argv.slice(2)
const GREETING =
  '{"QMP": {"version": {"qemu": {"micro": 0, "minor": 0, "major": 10}, "package": ""}, "capabilities": ["oob"]}}\r\n'
const replies = new Map()

function replyTo(command) {
  const file = `${directory}/${command}`
  if (!replies.has(command)) replies.set(command, existsSync(file) ? readFileSync(file, 'utf8') : '{}')
  return replies.get(command)
}

function answer(text) {
  const { execute, id, arguments: args } = JSON.parse(text)
  if (execute.startsWith('guest-sync')) return Buffer.from(`\xff{"return": ${args.id}}\n`, 'latin1')
  return `{"return": ${replyTo(execute)}${id === undefined ? '' : `, "id": ${JSON.stringify(id)}`}}\r\n`
}

/** Splits a stream of JSON objects, with or without line ends. */
function splitter(onCommand) {
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

const serve = (greets) => (socket) => {
  socket.on('error', () => socket.destroy())
  if (greets) socket.write(GREETING)
  socket.on(
    'data',
    splitter((text) => socket.write(answer(text))),
  )
}
createServer(serve(true)).listen(path, () => {
  createServer(serve(false)).listen(`${path}.qga`, () => process.stdout.write('ready\n'))
})
process.stdin.on('end', () => process.exit()).resume()
