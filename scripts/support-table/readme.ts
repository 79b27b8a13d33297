const BEGIN = '<!-- support-table: made by npm run test:matrix -->'
const END = '<!-- end of support-table -->'

/**
 * The text of README.md with its support table made again.
 *
 * @throws Error when the text has no place for it
 */
export function withSummary(readme: string, summary: string): string {
  const from = readme.indexOf(BEGIN)
  const to = readme.indexOf(END)
  if (from === -1 || to < from) throw new Error(`README.md has no '${BEGIN}' before '${END}'`)
  return `${readme.slice(0, from)}${BEGIN}\n\n${summary}\n\n${readme.slice(to)}`
}
