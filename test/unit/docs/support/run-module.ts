import ts from 'typescript'
import * as bitmap from '../../../../src/bitmap/index.ts'
import * as index from '../../../../src/index.ts'
import * as qga from '../../../../src/qga/index.ts'
import * as qmp from '../../../../src/qmp/index.ts'
import * as testing from '../../../../src/testing/index.ts'

/** The package's entry points, by the names that its users import. */
const ENTRY_POINTS: Readonly<Record<string, object>> = {
  'qemu-vcpu': index,
  'qemu-vcpu/bitmap': bitmap,
  'qemu-vcpu/qga': qga,
  'qemu-vcpu/qmp': qmp,
  'qemu-vcpu/testing': testing,
}

/**
 * Run the text of a module. What it imports comes from the sources, or from `instead`, member by member; what it prints is
 * returned, and is in `printed` as soon as it is.
 *
 * @throws what the module throws, and for an import that no entry point exports
 */
export async function runModule(
  text: string,
  instead: Readonly<Record<string, object>>,
  printed: string[] = [],
): Promise<{ readonly printed: readonly string[]; readonly failed: readonly string[] }> {
  const { outputText, diagnostics } = ts.transpileModule(text, {
    reportDiagnostics: true,
    compilerOptions: { module: ts.ModuleKind.ESNext, target: ts.ScriptTarget.ES2022 },
  })
  for (const { messageText } of diagnostics ?? []) throw new Error(JSON.stringify(messageText))
  const body = outputText
    .replace(/^import \{([^}]*)\} from '([^']+)'/gm, (_, names: string, from: string) => {
      return `const {${names}} = imported(${JSON.stringify(from)}, ${JSON.stringify(names.split(',').map((name) => name.trim()))})`
    })
    .replace(/^export /gm, '')
  const imported = (from: string, names: readonly string[]): object => {
    const members: object = { ...ENTRY_POINTS[from], ...instead[from] }
    for (const name of names) if (!(name in members)) throw new Error(`'${from}' has no ${name}`)
    return members
  }
  const failed: string[] = []
  const join = (values: readonly unknown[]): string => values.map(String).join(' ')
  const output = {
    log: (...values: unknown[]) => printed.push(join(values)),
    error: (...values: unknown[]) => failed.push(join(values)),
  }
  const AsyncFunction = Object.getPrototypeOf(async () => Promise.resolve()) as { constructor: FunctionConstructor }
  const run = new AsyncFunction.constructor('imported', 'console', body) as (
    take: typeof imported,
    console: typeof output,
  ) => Promise<void>
  await run(imported, output)
  return { printed, failed }
}
