import { CONFIDENCES, type Confidence } from '../results.ts'

/** Is `confidence` as good as `least`, or better? */
export function isSureEnough(confidence: Confidence, least: Confidence): boolean {
  return CONFIDENCES.indexOf(confidence) <= CONFIDENCES.indexOf(least)
}
