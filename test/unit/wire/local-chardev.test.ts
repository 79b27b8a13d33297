import { expect, test } from 'vitest'
import { serialPortAt, serialPortIn } from '../../../src/wire/local-chardev.ts'

const PATH = '/run/vm1/qga.sock'
const CHARDEV = ['-chardev', `socket,id=ga,path=${PATH},server=on,wait=off`]
const PORT = ['-device', 'virtserialport,chardev=ga,name=org.qemu.guest_agent.0']

test.each<[what: string, argv: readonly string[], name: string | undefined]>([
  ['a port', [...CHARDEV, ...PORT], 'org.qemu.guest_agent.0'],
  ['the port of another chardev', [...CHARDEV, '-device', 'virtserialport,chardev=other,name=x'], undefined],
  ['a monitor', [...CHARDEV, '-mon', 'chardev=ga,mode=control'], undefined],
  ['a chardev elsewhere', ['-chardev', 'socket,id=ga,path=/run/vm2/qga.sock', ...PORT], undefined],
  ['a port without a name', [...CHARDEV, '-device', 'virtserialport,chardev=ga'], 'without a name'],
  ['nothing', [], undefined],
])('%s', (_, argv, name) => {
  expect(serialPortIn(['qemu-system-x86_64', ...argv], PATH)).toBe(name)
})

test('a comma in a path is doubled', () => {
  expect(serialPortIn(['-chardev', 'socket,path=/run/a,,b,id=ga', ...PORT], '/run/a,b')).toBe('org.qemu.guest_agent.0')
})

test('a process that is none', async () => {
  expect(await serialPortAt(PATH, 0)).toBeUndefined()
})
