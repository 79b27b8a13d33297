import { expect, it } from 'vitest'
import { parseAddress } from '../../../src/cli/address.ts'
import { InputError } from '../../../src/index.ts'

it.each([
  ['/run/vm1/qmp.sock', '/run/vm1/qmp.sock'],
  ['qmp.sock', 'qmp.sock'],
  ['./localhost:4444', './localhost:4444'],
  ['/run/vm:4444', '/run/vm:4444'],
  ['vm:name', 'vm:name'],
  ['4444', '4444'],
  ['', ''],
  ['localhost:4444', { host: 'localhost', port: 4444 }],
  ['192.0.2.7:4444', { host: '192.0.2.7', port: 4444 }],
  ['[::1]:4444', { host: '::1', port: 4444 }],
  ['[fe80::1%eth0]:4444', { host: 'fe80::1%eth0', port: 4444 }],
  // Whether such a port exists is for the dialler to say.
  ['localhost:99999', { host: 'localhost', port: 99_999 }],
])('%j is read as %j', (text, address) => {
  expect(parseAddress(text)).toEqual(address)
})

it.each([
  [':4444', 'host stands before the port'],
  ['::1:4444', 'in brackets'],
  ['fe80::1:4444', 'in brackets'],
  ['[]:4444', 'host stands before the port'],
  ['vm:', 'port stands after the host'],
])('%j is refused, and the message says how to write it', (text, why) => {
  expect(() => parseAddress(text)).toThrow(InputError)
  expect(() => parseAddress(text)).toThrow(why)
})
