import { expect, test } from 'vitest'
import { writeCpio } from '../src/cpio.ts'

const headerBytes = 110

/** Reads names, modes, device numbers and data back, by the format's own description. */
function readCpio(archive: Buffer): { name: string; mode: string; rdev: string; data: string }[] {
  const found = []
  for (let at = 0; ;) {
    const field = (index: number) =>
      Number.parseInt(archive.toString('latin1', at + 6 + index * 8, at + 14 + index * 8), 16)
    expect(archive.toString('latin1', at, at + 6)).toBe('070701')
    const [mode, size, nameBytes] = [field(1), field(6), field(11)]
    const name = archive.toString('utf8', at + headerBytes, at + headerBytes + nameBytes - 1)
    const start = Math.ceil((at + headerBytes + nameBytes) / 4) * 4
    if (name === 'TRAILER!!!') {
      expect(start).toBe(archive.length)
      return found
    }
    found.push({
      name,
      mode: mode.toString(8),
      rdev: `${field(9)}:${field(10)}`,
      data: archive.toString('utf8', start, start + size),
    })
    at = Math.ceil((start + size) / 4) * 4
  }
}

test('an archive holds its entries, with the directories above them in front', () => {
  const archive = writeCpio([
    { kind: 'file', path: 'sbin/run', data: Buffer.from('#!/bin/sh\n'), executable: true },
    { kind: 'file', path: 'a/b/note', data: Buffer.from('hello') },
    { kind: 'directory', path: 'dev' },
    { kind: 'device', path: 'dev/console', major: 5, minor: 1 },
    { kind: 'link', path: 'sbin/init', target: 'run' },
  ])
  expect(readCpio(Buffer.from(archive))).toEqual([
    { name: 'a', mode: '40755', rdev: '0:0', data: '' },
    { name: 'a/b', mode: '40755', rdev: '0:0', data: '' },
    { name: 'sbin', mode: '40755', rdev: '0:0', data: '' },
    { name: 'sbin/run', mode: '100755', rdev: '0:0', data: '#!/bin/sh\n' },
    { name: 'a/b/note', mode: '100644', rdev: '0:0', data: 'hello' },
    { name: 'dev', mode: '40755', rdev: '0:0', data: '' },
    { name: 'dev/console', mode: '20600', rdev: '5:1', data: '' },
    { name: 'sbin/init', mode: '120777', rdev: '0:0', data: 'run' },
  ])
})
