import { inflateSync } from 'node:zlib'

/** A picture as it was rendered. */
export interface Pixels {
  readonly width: number
  readonly height: number
  /** The colour of a pixel, `#rrggbb`. */
  readonly at: (x: number, y: number) => string
}

const SIGNATURE = 8
/** Of the filter types of PNG (RFC 2083, 6) each takes the bytes left, above and left above. */
const FILTERS: readonly ((left: number, above: number, corner: number) => number)[] = [
  () => 0,
  (left) => left,
  (_, above) => above,
  (left, above) => (left + above) >> 1,
  (left, above, corner) => {
    const [a, b, c] = [above - corner, left - corner, left + above - 2 * corner].map(Math.abs)
    if ((a ?? 0) <= (b ?? 0) && (a ?? 0) <= (c ?? 0)) return left
    return (b ?? 0) <= (c ?? 0) ? above : corner
  },
]

/** Reads a PNG of 8 bits a channel, RGB or RGBA, not interlaced: what rsvg-convert writes. */
export function readPng(file: Buffer): Pixels {
  const data: Buffer[] = []
  let [width, height, channels] = [0, 0, 0]
  for (let at = SIGNATURE; at < file.length;) {
    const length = file.readUInt32BE(at)
    const type = file.toString('latin1', at + 4, at + 8)
    const chunk = file.subarray(at + 8, at + 8 + length)
    if (type === 'IHDR') {
      ;[width, height] = [chunk.readUInt32BE(0), chunk.readUInt32BE(4)]
      channels = chunk[9] === 6 ? 4 : 3
      if (chunk[8] !== 8 || ![2, 6].includes(chunk[9] ?? 0) || chunk[12] !== 0)
        throw new Error('a kind of PNG not read here')
    }
    if (type === 'IDAT') data.push(chunk)
    at += 12 + length
  }
  const bytes = unfiltered(inflateSync(Buffer.concat(data)), width * channels, height, channels)
  return {
    width,
    height,
    at: (x, y) => {
      const from = (y * width + x) * channels
      return `#${bytes.toString('hex', from, from + 3)}`
    },
  }
}

function unfiltered(raw: Buffer, stride: number, height: number, channels: number): Buffer {
  const out = Buffer.alloc(stride * height)
  for (let y = 0; y < height; y++) {
    const filter = FILTERS[raw[y * (stride + 1)] ?? 0]
    if (filter === undefined) throw new Error('an unknown filter')
    for (let x = 0; x < stride; x++) {
      const left = x < channels ? 0 : (out[y * stride + x - channels] ?? 0)
      const above = y === 0 ? 0 : (out[(y - 1) * stride + x] ?? 0)
      const corner = x < channels || y === 0 ? 0 : (out[(y - 1) * stride + x - channels] ?? 0)
      out[y * stride + x] = (raw[y * (stride + 1) + 1 + x] ?? 0) + filter(left, above, corner)
    }
  }
  return out
}
