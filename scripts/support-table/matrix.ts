import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { ASPECTS, type Cell } from '../../test/matrix/results.ts'

/** `docs/support-matrix.json`: what the last full run of the matrix saw. */
export interface SupportMatrix {
  /** The day of the run, `2025-11-23`. */
  readonly date: string
  /** In an order that depends on nothing but the cells. */
  readonly cells: readonly Cell[]
}

/** Where it is kept. */
export const matrixFile = fileURLToPath(new URL('../../docs/support-matrix.json', import.meta.url))

/** Machines with vCPU hotplug first; others follow by name. */
const MACHINES = [
  'q35',
  'q35, as VMware',
  'q35 with OVMF',
  'q35 with OVMF and SMM',
  'pc',
  'pseries',
  's390-ccw-virtio',
  'virt (loongarch64)',
  'virt (aarch64)',
  'microvm',
]

/** Read it. */
export async function readMatrix(): Promise<SupportMatrix> {
  return JSON.parse(await readFile(matrixFile, 'utf8')) as SupportMatrix
}

/** The file's text: a line for each cell, so that a difference shows which cells changed. */
export function matrixText({ date, cells }: SupportMatrix): string {
  const lines = cells.map((cell) => `    ${JSON.stringify(cell)}`)
  return `{\n  "date": ${JSON.stringify(date)},\n  "cells": [\n${lines.join(',\n')}\n  ]\n}\n`
}

/** Cells in the order of the file and of the table. */
export function inOrder(cells: readonly Cell[]): Cell[] {
  return cells.toSorted(
    (a, b) =>
      compareMachines(a.machine, b.machine) ||
      compareVersions(a.qemu, b.qemu) ||
      compareVersions(a.guest?.kernel ?? '', b.guest?.kernel ?? '') ||
      ASPECTS.indexOf(a.aspect) - ASPECTS.indexOf(b.aspect) ||
      compareText(a.configuration ?? '', b.configuration ?? '') ||
      compareText(a.guest?.arch ?? '', b.guest?.arch ?? ''),
  )
}

function compareMachines(a: string, b: string): number {
  const rank = (machine: string): number => (MACHINES.indexOf(machine) + MACHINES.length + 1) % (MACHINES.length + 1)
  return rank(a) - rank(b) || compareText(a, b)
}

/** 7.2 before 10.0, and 6.1 before 6.12. */
function compareVersions(a: string, b: string): number {
  const [left, right] = [a, b].map((text) => text.split(/\D+/).map(Number))
  for (const [at, number] of (left ?? []).entries()) {
    const difference = number - (right?.[at] ?? -1)
    if (difference !== 0) return difference
  }
  return compareText(a, b)
}

/** By code units: the same on every machine, whatever its locale. */
function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0
}
