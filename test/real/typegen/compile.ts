import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import ts from 'typescript'
import { inRepository } from '../../../scripts/formatted-page.ts'

/** As strict as the compiler can be, and with no file taken on trust. */
const OPTIONS: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2023.d.ts', 'lib.esnext.disposable.d.ts'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
  types: ['node'],
  typeRoots: [inRepository('node_modules/@types')],
  paths: {
    'qemu-vcpu': [inRepository('src/index.ts')],
    'qemu-vcpu/*': [inRepository('src/*/index.ts')],
  },
  allowImportingTsExtensions: true,
  noEmit: true,
  skipLibCheck: false,
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  noUncheckedSideEffectImports: true,
  noPropertyAccessFromIndexSignature: true,
  noImplicitOverride: true,
  noImplicitReturns: true,
  noFallthroughCasesInSwitch: true,
  noUnusedLocals: true,
  noUnusedParameters: true,
  allowUnreachableCode: false,
  allowUnusedLabels: false,
  verbatimModuleSyntax: true,
  isolatedModules: true,
  erasableSyntaxOnly: true,
}

/**
 * Write files into a folder and compile them as one program.
 *
 * @returns what the compiler has to say, a line each
 */
export async function compile(folder: string, files: Readonly<Record<string, string>>): Promise<readonly string[]> {
  await mkdir(folder, { recursive: true })
  await writeFile(join(folder, 'package.json'), '{ "type": "module" }')
  const paths = Object.keys(files).map((name) => join(folder, name))
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text)
  const program = ts.createProgram(paths, OPTIONS)
  return ts.getPreEmitDiagnostics(program).map(({ file, start, messageText }) => {
    const place = file === undefined || start === undefined ? '' : placeIn(file, start)
    return `${place}${ts.flattenDiagnosticMessageText(messageText, ' ')}`
  })
}

function placeIn(file: ts.SourceFile, start: number): string {
  const { line } = file.getLineAndCharacterOfPosition(start)
  return `${file.fileName}:${line + 1}: ${file.text.split('\n')[line]?.slice(0, 200) ?? ''}: `
}
