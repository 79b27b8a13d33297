import { hostname } from 'node:os'
import { describe, expect, test } from 'vitest'
import { RECORDER_VERSION } from '../../../scripts/record/provenance.ts'
import { withTable } from '../../../scripts/record/readme.ts'
import { folderOf } from '../../../scripts/record/recording.ts'
import { recordings, recordingsNamed } from '../../../scripts/record/recordings.ts'
import { isObject, own, type WireMessage } from '../../../src/wire/message.ts'
import { fixtureText, inboundBytes, readRecording, recordedFolders } from './recordings.ts'
import { messagesOf } from './script.ts'

const folders = recordedFolders()

test('each entry of the table has its folder, and each folder its entry', () => {
  expect(folders.toSorted()).toEqual(recordings.map(folderOf).sort())
  expect(new Set(folders).size).toBe(recordings.length)
})

test('a name stands for one recording or for one of each version; an unknown one is told', () => {
  expect(recordingsNamed('10.0/flat').map(folderOf)).toEqual(['10.0/flat'])
  expect(recordingsNamed('flat').map(folderOf)).toEqual(['7.2/flat', '10.0/flat'])
  expect(() => recordingsNamed('falt')).toThrow('no recording is called falt; there are 7.2/flat, ')
})

test('the table in README.md is the current one', () => {
  const readme = fixtureText('README.md') ?? ''
  expect(withTable(readme, recordings)).toBe(readme)
})

describe.each(folders)('%s', (folder) => {
  const { provenance, pieces } = readRecording(folder)
  const spec = recordings.find((one) => folderOf(one) === folder)

  test('says where it comes from, completely', () => {
    expect(provenance).toEqual({
      qemuVersion: expect.stringMatching(/^\d+\.\d+\.\d+$/) as string,
      qemuPackage: expect.stringMatching(/\d/) as string,
      argv: expect.arrayContaining(['-machine', '-accel', 'tcg,thread=multi', '-smp', '-nodefaults']) as string[],
      guest:
        spec?.guest === undefined
          ? null
          : {
              arch: 'x86_64',
              kernelRelease: expect.stringMatching(new RegExp(`^${spec.guest.kernel}\\.`)) as string,
              agentVersion: expect.stringContaining(spec.guest.agent) as string,
            },
      recordedAt: expect.stringMatching(/^20\d\d-[01]\d-[0-3]\dT[\d:.]+Z$/) as string,
      recorderVersion: RECORDER_VERSION,
      what: spec?.what,
    })
    expect(Date.parse(String(field('recordedAt')))).toBeGreaterThan(Date.parse('2025-01-01'))
  })

  test('was made with the machine of its entry, by the QEMU that its folder names', () => {
    const argv = field('argv') as string[]
    const [version = ''] = folder.split('/')
    expect(field('qemuVersion')).toMatch(new RegExp(`^${version.replace('.', '\\.')}\\.`))
    expect(argv.some((word) => word.endsWith(`/qemu-system-${String(spec?.target)}`))).toBe(true)
    expect(argv[argv.indexOf('-smp') + 1]).toBe(spec?.smp)
    for (const word of spec?.extraArgs ?? []) expect(argv).toContain(word)
    const greeting = pieces.has('qmp') ? messagesOf(pieces.get('qmp') ?? [])[0]?.value : undefined
    if (greeting !== undefined) expect(versionOf(greeting)).toBe(field('qemuVersion'))
  })

  test('has whole transcripts, in order of time', () => {
    expect(pieces.size).toBeGreaterThan(0)
    for (const [, list] of pieces) {
      const times = list.map(({ atMs }) => atMs)
      expect(times).toEqual(times.toSorted((a, b) => a - b))
      expect(inboundBytes(list).at(-1)).toBe(0x0a)
      expect(list.filter(({ direction }) => direction === 'out').length).toBeGreaterThan(1)
    }
  })

  test('has nothing of the machine that recorded it', () => {
    for (const path of absolutePaths(provenance)) expect(path).toBe('none')
    for (const [, list] of pieces) {
      for (const { value } of messagesOf(list)) {
        for (const path of absolutePaths(value)) expect(path).toMatch(/^\/(?:machine|sys\/devices\/system\/cpu)\//)
      }
    }
    const text = ['provenance.json', 'qmp.jsonl', 'qga.jsonl']
      .map((name) => fixtureText(`${folder}/${name}`) ?? '')
      .join('')
    expect(text).not.toMatch(/:\/\/|\/(?:home|root|tmp|var|opt|work|Users)\//)
    // A short or a common name would be found in any text.
    if (hostname().length > 7 && hostname() !== 'localhost') expect(text).not.toContain(hostname())
  })

  function field(key: string): unknown {
    return isObject(provenance) ? own(provenance, key) : undefined
  }
})

/** Every absolute path in the strings of a value; in command lines they stand after commas, colons and equals signs too. */
function* absolutePaths(value: unknown): Generator<string> {
  if (typeof value === 'string') {
    for (const [, path] of value.matchAll(/(?:^|[\s=,:'"(])(\/[^\s,:'")]+)/g)) if (path !== undefined) yield path
  } else if (typeof value === 'object' && value !== null) {
    for (const member of Object.values(value)) yield* absolutePaths(member)
  }
}

function versionOf(greeting: WireMessage): string {
  const { QMP } = greeting as { readonly QMP: { readonly version: { readonly qemu: Record<string, number> } } }
  const { major, minor, micro } = QMP.version.qemu
  return [major, minor, micro].join('.')
}
