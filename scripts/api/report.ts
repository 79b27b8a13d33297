import {
  Extractor,
  ExtractorConfig,
  ExtractorLogLevel,
  ExtractorMessageCategory,
  type ExtractorMessage,
  type IConfigFile,
} from '@microsoft/api-extractor'
import { relative } from 'node:path'
import { inRepository } from '../formatted-page.ts'

/** What was read of one entry point. */
export interface EntryReport {
  /** Does its report differ from the one in `folder`? */
  readonly isChanged: boolean
  /** What is wrong with its types, one line each: a type that is used and not exported, a link that leads nowhere. */
  readonly faults: readonly string[]
}

/** Where reports are read and written. */
export interface ReportFolders {
  /** Where the report is that counts. */
  readonly folder: string
  /** Where the new one is written. */
  readonly scratch: string
}

/**
 * Read the built types of an entry point.
 *
 * @param entry - the name of its file in `dist/`
 * @param isUpdate - replace the report that counts, where it differs
 */
export function reportOf(entry: string, { folder, scratch }: ReportFolders, isUpdate: boolean): EntryReport {
  const types = inRepository(`dist/${entry}.d.ts`)
  const config = ExtractorConfig.prepare({
    configObject: {
      projectFolder: inRepository(''),
      mainEntryPointFilePath: types,
      newlineKind: 'lf',
      compiler: { overrideTsconfig: consumerOf(types) },
      apiReport: {
        enabled: true,
        reportFileName: `${entry}.api.md`,
        reportFolder: folder,
        reportTempFolder: scratch,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: MESSAGES,
    },
    configObjectFullPath: undefined,
    packageJsonFullPath: inRepository('package.json'),
  })
  const faults: string[] = []
  const messageCallback = (message: ExtractorMessage): void => {
    message.handled = true
    if (message.category === ExtractorMessageCategory.Console) return
    if (message.logLevel === ExtractorLogLevel.Error) faults.push(faultOf(message))
  }
  const { apiReportChanged } = Extractor.invoke(config, { localBuild: isUpdate, messageCallback })
  return { isChanged: apiReportChanged, faults }
}

const error = { logLevel: ExtractorLogLevel.Error }
const MESSAGES: NonNullable<IConfigFile['messages']> = {
  compilerMessageReporting: { default: error },
  tsdocMessageReporting: { default: error },
  extractorMessageReporting: {
    default: error,
    // What an entry point exports is public: nothing has a tag that says so. The members without a comment stand in the report.
    'ae-missing-release-tag': { logLevel: ExtractorLogLevel.None },
    'ae-undocumented': { logLevel: ExtractorLogLevel.None },
  },
}

/** The settings of a strict user of the package. */
function consumerOf(types: string): object {
  const compilerOptions = {
    target: 'ES2022',
    lib: ['ES2023', 'ESNext.Disposable'],
    module: 'NodeNext',
    types: ['node'],
    strict: true,
    exactOptionalPropertyTypes: true,
  }
  return { compilerOptions, files: [types] }
}

function faultOf({ messageId, text, sourceFilePath, sourceFileLine }: ExtractorMessage): string {
  const place =
    sourceFilePath === undefined ? '' : `${relative(inRepository(''), sourceFilePath)}:${sourceFileLine ?? 0}: `
  return `${place}${text} (${messageId})`
}
