// node --import this: at its end the process writes into the file $NOTE_LOADED which scripts it has loaded and which of Node's
// own modules. From the engine's own list, so that nothing is loaded to know it but the inspector.
import { writeFileSync } from 'node:fs'
import { Session } from 'node:inspector'

const session = new Session()
session.connect()
const scripts = []
session.on('Debugger.scriptParsed', ({ params: { url } }) => scripts.push(url))
session.post('Debugger.enable')
const before = new Set(process.moduleLoadList)
process.once('exit', () => {
  const builtins = process.moduleLoadList
    .filter((name) => !before.has(name) && name.startsWith('NativeModule '))
    .map((name) => name.slice('NativeModule '.length))
  writeFileSync(process.env['NOTE_LOADED'] ?? '', JSON.stringify({ scripts, builtins }))
})
