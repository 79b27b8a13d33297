// Runs in a project that has the package installed, on any Node that it is made for: Node's own test runner, and no TypeScript.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { test } from 'node:test'

const require = createRequire(import.meta.url)
const { exports } = JSON.parse(readFileSync(require.resolve('qemu-vcpu/package.json'), 'utf8'))
const entries = Object.keys(exports).filter((entry) => !entry.endsWith('.json'))

// As the documentation says: 20.19, 22.12, and all later ones.
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const REQUIRES_ESM = major > 22 || (major === 22 && minor >= 12) || (major === 20 && minor >= 19)

test('there are entry points', () => {
  assert.ok(entries.length >= 5)
})

for (const entry of entries) {
  const name = entry.replace(/^\./, 'qemu-vcpu')
  test(`${name} is imported, and require() gives the same where it loads ESM`, async () => {
    const imported = await import(name)
    assert.notEqual(Object.keys(imported).length, 0)
    assert.equal('default' in imported, false)
    if (REQUIRES_ESM) assert.strictEqual(require(name), imported)
    else assert.throws(() => require(name), { code: 'ERR_REQUIRE_ESM' })
  })
}

test('what is not an entry point cannot be reached', async () => {
  await assert.rejects(import('qemu-vcpu/dist/index.js'), { code: 'ERR_PACKAGE_PATH_NOT_EXPORTED' })
  assert.throws(() => require('qemu-vcpu/dist/index.js'), { code: 'ERR_PACKAGE_PATH_NOT_EXPORTED' })
})
