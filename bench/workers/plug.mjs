// vCPUs plugged one after the other into a real QEMU, in a fresh process: by a Domain, or raw with one look at the slots each.
import { once } from 'node:events'
import { connect } from 'node:net'
import { answer, load, request } from './subjects.mjs'

const { subject, path, first, count } = request()

async function withDomain() {
  const { Domain } = await load('qemu-vcpu')
  let commands = 0
  const trace = ({ direction, bytes }) => {
    if (direction === 'out') commands += Buffer.from(bytes).toString('latin1').split('"execute"').length - 1
  }
  const domain = await Domain.connect({ qmp: path, trace })
  await domain.getVcpuMaps()
  commands = 0
  return {
    plug: (id) => domain.setVcpuState(id, true),
    commands: () => commands,
    close: () => domain.close(),
  }
}

async function raw() {
  const socket = connect(path)
  await once(socket, 'connect')
  let text = ''
  const waiting = []
  socket.on('data', (chunk) => {
    text += chunk.toString('latin1')
    const lines = text.split('\n')
    text = lines.pop()
    for (const line of lines) if (!line.includes('"event":')) waiting.shift()?.(JSON.parse(line))
  })
  const next = () => new Promise((resolve) => waiting.push(resolve))
  const ask = (execute, args) => {
    const reply = next()
    socket.write(`${JSON.stringify({ execute, arguments: args })}\n`)
    return reply
  }
  await next()
  await ask('qmp_capabilities')
  const { return: slots } = await ask('query-hotpluggable-cpus')
  // QEMU lists them from the last to the first.
  const empty = slots.filter((slot) => !('qom-path' in slot)).reverse()
  let at = 0
  return {
    plug: async (id) => {
      const { type, props } = empty[at++]
      const reply = await ask('device_add', { driver: type, id: `vcpu${id}`, ...props })
      if (reply.error) throw new Error(reply.error.desc)
      await ask('query-hotpluggable-cpus')
    },
    commands: () => 2 * at,
    close: () => socket.destroy(),
  }
}

const client = await (subject === 'qemu-vcpu' ? withDomain() : raw())
const start = process.hrtime.bigint()
for (let id = first; id < first + count; id++) await client.plug(id)
const us = Number(process.hrtime.bigint() - start) / 1e3
const commands = client.commands()
await client.close()
answer({ us, commands: commands / count })
