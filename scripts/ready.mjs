// Makes a bare clone ready, then runs one of its jobs. Plain JavaScript and Node's own modules: it runs before anything
// is installed. The jobs themselves fetch QEMU and a guest (packages/guest-kit), with progress.
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const OLDEST_NODE = 20
const root = fileURLToPath(new URL('..', import.meta.url))
const stampFile = `${root}node_modules/.qemu-vcpu-lock-digest`

/** What each job runs, one after the other, until one fails. */
const jobs = {
  demo: [['node', '--import', 'tsx', 'scripts/demo.ts']],
  test: [['node', '--import', 'tsx', 'scripts/test.ts']],
  matrix: [['node', '--import', 'tsx', 'scripts/matrix.ts']],
  faults: [['node', '--import', 'tsx', 'scripts/faults.ts']],
  bench: [['node', '--import', 'tsx', 'bench/run.ts']],
  mutation: [['node', 'scripts/mutation.mjs']],
  fuzz: [['node', '--expose-gc', '--import', 'tsx', 'scripts/fuzz.ts']],
  soak: [['node', '--expose-gc', '--import', 'tsx', 'scripts/soak.ts']],
  build: [['node', '--import', 'tsx', 'scripts/build.ts']],
  api: [
    ['node', '--import', 'tsx', 'scripts/build.ts'],
    ['node', '--import', 'tsx', 'scripts/api.ts'],
  ],
  reference: [['typedoc']],
  check: [
    ['prettier', '--check', '--log-level', 'warn', '.'],
    ['eslint', '.'],
    ['tsc', '-p', 'tsconfig.json'],
    ['depcruise', 'src', 'test', 'packages', 'scripts', 'examples', '--config', '.dependency-cruiser.mjs'],
    ['knip', '--no-progress', '--treat-config-hints-as-errors'],
    ['typedoc', '--emit', 'none'],
    ['vitest', 'run', '--project', 'unit'],
    ['node', '--import', 'tsx', 'scripts/build.ts'],
    ['node', '--import', 'tsx', 'scripts/api.ts', '--check'],
    ['publint', '--strict'],
    ['node', '--import', 'tsx', 'scripts/check-package.ts'],
  ],
  nodes: [
    ['node', '--import', 'tsx', 'scripts/build.ts'],
    ['node', '--import', 'tsx', 'scripts/check-package.ts', '--nodes'],
  ],
}

// Ctrl-C reaches the job too, which may have something left to say: this ends when the job does.
process.on('SIGINT', () => undefined)

const [job = '', ...rest] = process.argv.slice(2)
const steps = jobs[job]
if (steps === undefined) fail(`there is no job '${job}', only ${Object.keys(jobs).join(', ')}`)
const major = Number.parseInt(process.versions.node)
if (major < OLDEST_NODE) fail(`Node ${OLDEST_NODE} or later is needed, this is ${process.versions.node}`)
install()
for (const [index, [command, ...args]] of steps.entries()) {
  if (steps.length > 1) console.error(`[${index + 1}/${steps.length}] ${command} ${args.join(' ')}`)
  run(command, index === steps.length - 1 ? [...args, ...rest] : args)
}

function install() {
  const digest = createHash('sha256')
    .update(readFileSync(`${root}package-lock.json`))
    .digest('hex')
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === digest) return
  console.error('npm packages … (once)')
  run(
    'npm',
    ['ci', '--no-audit', '--no-fund', '--loglevel', 'error'],
    'npm could not install the packages named in package-lock.json',
  )
  writeFileSync(stampFile, digest)
}

function run(command, args, why) {
  const path = `${root}node_modules/.bin:${process.env.PATH ?? ''}`
  const { status, signal, error } = spawnSync(command, args, {
    cwd: root,
    stdio: 'inherit',
    env: { ...process.env, PATH: path },
  })
  if (error !== undefined) fail(`${command} cannot be run: ${error.message}`)
  if (status === 0) return
  if (why !== undefined) console.error(why)
  process.exit(status ?? (signal === 'SIGINT' ? 130 : 1))
}

function fail(message) {
  console.error(`qemu-vcpu: ${message}`)
  process.exit(1)
}
