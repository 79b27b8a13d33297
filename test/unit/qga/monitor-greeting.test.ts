import { expect, test } from 'vitest'
import { isMonitor } from '../../../src/qga/monitor-greeting.ts'

test.each([
  ['{"QMP":{', true],
  ['{"QMP": {"version": {"qemu": {"micro": 1, "minor": 0, "major": 10}}}}', true],
  ['{ "QMP": {}}', true],
  ['{  "QMP": {}}', true],
  ['{"QMP" : {}}', true],
  ['{"QMP"  :  {}}', true],
  // -qmp-pretty: the second line of several.
  ['    "QMP": {', true],
  [' "QMP": {', true],
  ['\t"QMP": {', true],
  // -qmp telnet: options go first.
  ['\xff\xfb\x01\xff\xfb\x03\xff\xfb\x00\xff\xfd\x00{"QMP": {}}', true],
  ['\xff\xfe\n{"QMP": {}}', true],
  ['\xff\xfb\x01    "QMP": {', true],
  ['\xff\xfa\x01{"QMP": {}}', false],
  ['"QMP": {', false],
  ['{"return": {"QMP": {}}}', false],
  ['{"return": "{\\"QMP\\": {"}', false],
  ['x{"QMP": {}}', false],
  ['{"QMP": 1}', false],
  ['{"QMP": [{', false],
  ['{"QMQ": {}}', false],
  ['{x"QMP": {}}', false],
  ['{"QMP"x: {}}', false],
  ['{"QMP":x{}}', false],
  ['{"QMP":', false],
  ['', false],
  [`${' '.repeat(40)}"QMP": {`, false],
])('%j greets: %s', (text, isGreeting) => {
  expect(isMonitor(Buffer.from(text, 'latin1'))).toBe(isGreeting)
})

test('a view is looked at within its bounds', () => {
  const bytes = Buffer.from('xx{"QMP": {}}', 'latin1')
  expect(isMonitor(bytes.subarray(2))).toBe(true)
  expect(isMonitor(bytes.subarray(2, 9))).toBe(false)
})
