import { describe, expect, test } from 'vitest'
import { parseDeb822Sources, parseOneLineSources, pickDebianSource } from '../src/sources.ts'

const oneLine = `
# deb https://old.example/debian bookworm main
deb-src https://mirror.example/debian bookworm main
deb [arch=amd64 signed-by=/etc/keys/vendor.gpg] https://vendor.example/debian bookworm main # not Debian's
deb https://mirror.example/debian-security bookworm-security main
deb	https://mirror.example/debian/ bookworm main contrib
`

const deb822 = `# kept by hand
Types: deb deb-src
# a comment between fields
URIs: https://one.example/debian
 https://two.example/debian
Suites: trixie trixie-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: https://off.example/debian
Suites: trixie
Components: main
Enabled: no

Types: deb-src
URIs: https://source.example/debian
Suites: trixie
Components: main
`

describe('one-line sources', () => {
  test('are read with their options, without comments and sources', () => {
    expect(parseOneLineSources(oneLine)).toEqual([
      {
        uris: ['https://vendor.example/debian'],
        suites: ['bookworm'],
        components: ['main'],
        signedBy: '/etc/keys/vendor.gpg',
      },
      {
        uris: ['https://mirror.example/debian-security'],
        suites: ['bookworm-security'],
        components: ['main'],
        signedBy: undefined,
      },
      {
        uris: ['https://mirror.example/debian/'],
        suites: ['bookworm'],
        components: ['main', 'contrib'],
        signedBy: undefined,
      },
    ])
  })

  test("give Debian's own archive, not a vendor's and not the security one", () => {
    expect(pickDebianSource(parseOneLineSources(oneLine), 'bookworm')?.uris).toEqual(['https://mirror.example/debian/'])
    expect(pickDebianSource(parseOneLineSources(oneLine), 'trixie')).toBeUndefined()
  })
})

test('deb822 sources are read stanza by stanza, without what is switched off', () => {
  expect(parseDeb822Sources(deb822)).toEqual([
    {
      uris: ['https://one.example/debian', 'https://two.example/debian'],
      suites: ['trixie', 'trixie-updates'],
      components: ['main'],
      signedBy: '/usr/share/keyrings/debian-archive-keyring.gpg',
    },
  ])
})
