// Headers as bytes and back, and signatures: the smallest parts of taking a block in.
import { decodeHeader, encodeHeader } from '../../dist/dag/codec.js'
import { verifyZip215 } from '../../dist/dag/crypto.js'
import { NATIVE_VERIFIERS, verifyNative } from '../../dist/dag/native-ed25519.js'
import { line, pvt } from '../line-chain.mjs'
import { rate } from './figures.mjs'

export async function codec() {
  const [{ block }] = [...line(1)]
  const { headerBytes, header, signature, id } = block
  const figures = [
    ['header decoded (dag-cbor, canonical check)', 50_000, () => decodeHeader(headerBytes)],
    ['header encoded', 50_000, () => encodeHeader(header)],
    [`signature verified, ${NATIVE_VERIFIERS[0].name}`, 5_000, () => verifyNative(pvt.author, id, signature)],
    ['signature verified, noble ZIP-215', 300, () => verifyZip215(pvt.author, id, signature)],
  ]
  return {
    figures: figures.map(([name, n, job]) => ({
      name,
      unit: '/s',
      floor: 'verify',
      measure: async () => rate(n, job),
    })),
    close: async () => undefined,
  }
}
