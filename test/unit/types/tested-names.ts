import ts from 'typescript'

/**
 * The public names that type tests say something of.
 *
 * @param sources - the text of the test files
 * @returns `ENTRY NAME` for each name that is imported from an entry point and stands in an `expectTypeOf` statement
 */
export function namesWithTypeTest(sources: readonly string[]): ReadonlySet<string> {
  return new Set(sources.flatMap(namesIn))
}

function namesIn(text: string): string[] {
  const source = ts.createSourceFile('source.ts', text, ts.ScriptTarget.ES2022)
  const imported = importedNames(source)
  const found: string[] = []
  const collect = (node: ts.Node): void => {
    const name = ts.isIdentifier(node) ? imported.get(node.text) : undefined
    if (name !== undefined) found.push(name)
    ts.forEachChild(node, collect)
  }
  const visit = (node: ts.Node): void => {
    if (ts.isExpressionStatement(node) && isTypeTest(node.expression)) collect(node)
    else ts.forEachChild(node, visit)
  }
  visit(source)
  return found
}

/** Is it a chain that begins with `expectTypeOf`? */
function isTypeTest(node: ts.Expression): boolean {
  if (ts.isCallExpression(node) || ts.isPropertyAccessExpression(node)) return isTypeTest(node.expression)
  return ts.isIdentifier(node) && node.text === 'expectTypeOf'
}

/** What each name that is imported from an entry point is called there, with the entry point. */
function importedNames(source: ts.SourceFile): ReadonlyMap<string, string> {
  const names = source.statements.flatMap((statement): [string, string][] => {
    if (!ts.isImportDeclaration(statement) || !ts.isStringLiteral(statement.moduleSpecifier)) return []
    const [, entry = 'index'] = /^qemu-vcpu(?:\/(\w+))?$/.exec(statement.moduleSpecifier.text) ?? [undefined, '']
    const bindings = statement.importClause?.namedBindings
    if (entry === '' || bindings === undefined || !ts.isNamedImports(bindings)) return []
    return bindings.elements.map(({ name, propertyName }) => [name.text, `${entry} ${(propertyName ?? name).text}`])
  })
  return new Map(names)
}
