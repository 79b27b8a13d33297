// What instant.c does, for a host without a compiler: node instant.mjs SOCKET REPLIES. Slower, and so are all rows it is behind.
import { createServer } from 'node:net'
import { answers, GREETING, splitter } from './commands.mjs'

const [path, directory] = process.argv.slice(2)
const answer = answers(directory)

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
