// The clients that are compared, each behind the same two functions. Plain JavaScript: a loader would be measured with it.
import { createRequire } from 'node:module'
import { once } from 'node:events'
import { connect } from 'node:net'
import { pathToFileURL } from 'node:url'

const installed = createRequire(`${process.env.BENCH_INSTALLED}/`)

/** A package of the bench's own directory, as its users import it. */
export const load = (specifier) => import(pathToFileURL(installed.resolve(specifier)).href)

const NEWLINE = 0x0a

/** The floor: a bare socket, ready-made bytes, and of the replies only the line ends are counted. */
export async function bareSocket(path, command) {
  const socket = connect(path)
  await once(socket, 'connect')
  let left = 0
  let done = () => undefined
  let kept
  socket.on('data', (chunk) => {
    kept?.push(chunk)
    for (let at = chunk.indexOf(NEWLINE); at !== -1; at = chunk.indexOf(NEWLINE, at + 1)) if (--left === 0) done()
  })
  const lines = (count) =>
    new Promise((resolve) => {
      left = count
      done = resolve
    })
  const ask = (bytes, count) => {
    const answered = lines(count)
    socket.write(bytes)
    return answered
  }
  await lines(1)
  await ask('{"execute":"qmp_capabilities","id":1}\n', 1)
  // Without an id: QEMU reads a command byte by byte.
  const one = Buffer.from(`{"execute":"${command}"}\n`)
  const many = new Map()
  return {
    burst: (size) => {
      if (!many.has(size)) many.set(size, Buffer.concat(Array(size).fill(one)))
      return ask(many.get(size), size)
    },
    ask,
    /** The bytes of the replies to what is asked. */
    record: async (bytes, count) => {
      kept = []
      await ask(bytes, count)
      const all = Buffer.concat(kept)
      kept = undefined
      return all
    },
    close: () => socket.destroy(),
  }
}

const bursts = (execute) => (size) => (size === 1 ? execute() : Promise.all(Array.from({ length: size }, execute)))

const own = (options) => async (path, command) => {
  const { QmpClient } = await load('qemu-vcpu/qmp')
  const client = await QmpClient.connect(path, options)
  return { burst: bursts(() => client.execute(command)), close: () => client.close() }
}

const clients = {
  floor: bareSocket,
  'qemu-vcpu': own(),
  'qemu-vcpu, oob': own({ oob: true }),
  'node-qemu': async (path, command) => {
    const { QMPClient } = await load('node-qemu')
    const client = new QMPClient({ socketPath: path })
    await client.connect()
    return { burst: bursts(() => client.execute(command)), close: () => client.close() }
  },
  'qemu-qmp': async (path, command) => {
    const { default: QMP } = await load('qemu-qmp')
    const client = new QMP()
    await new Promise((resolve, reject) => client.connect(path, (error) => (error ? reject(error) : resolve())))
    const execute = () =>
      new Promise((resolve, reject) => {
        client.execute(command, (error, reply) => (error ? reject(error) : resolve(reply)))
      })
    return { burst: bursts(execute), close: () => client.destroy() }
  },
}

/** A connected client: `burst(n)` sends n commands at once and resolves when all are answered. */
export const open = (subject, path, command) => clients[subject](path, command)

/** The median of `count` calls of `task`, in microseconds. */
export async function timed(count, task) {
  const times = new Float64Array(count)
  for (let done = 0; done < count; done++) {
    const start = process.hrtime.bigint()
    await task()
    times[done] = Number(process.hrtime.bigint() - start) / 1e3
  }
  return times.sort()[count >>> 1]
}

export { answer, request } from './request.mjs'
