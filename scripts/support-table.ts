// The support table from the cells that are there, without running the matrix again.
import { makeSupportTable } from './support-table/make.ts'

await makeSupportTable()
