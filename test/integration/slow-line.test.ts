/**
 * Bad lines over real TCP (spec §8): a reply that takes much longer than anybody is waited for comes all the same, as long
 * as something of it does; what only drips ends within the bound, whoever drips; and nobody is blamed. All times are a
 * thirtieth of those in use, and the lines are that much faster.
 */
import type { Stream } from '@libp2p/interface'
import { afterEach, describe, expect, test } from 'vitest'
import { multiaddr } from '@multiformats/multiaddr'
import { blockId } from '../../src/dag/ids.ts'
import { FRAME_BYTES } from '../../src/dag/store.ts'
import type { Host } from '../../src/node/net/host/host.ts'
import { silentLogger } from '../../src/node/base/log.ts'
import { SyncClient, type RpcFault, type SyncStream } from '../../src/node/net/sync/client.ts'
import { serveSync, type SyncHandler } from '../../src/node/net/sync/server.ts'
import { encodeReply } from '../../src/protocol/codec.ts'
import { DRAIN_TIMEOUT_MS, PROGRESS_BYTES, REQUEST_TIMEOUT_MS } from '../../src/protocol/stream-limits.ts'
import { FRAMES_IN_FLIGHT, GETS_IN_FLIGHT } from '../../src/protocol/sync-limits.ts'
import { SYNC_PROTOCOL, type RequestBody } from '../../src/protocol/messages.ts'
import { eventually } from '../support/daemon.ts'
import { soon, startHosts, stopAll } from '../support/hosts.ts'
import { SlowLine } from '../support/slow-line.ts'
import { Wire } from '../support/stranger.ts'

const SHRUNK = 30
const KIB = 1024

/** 8 KiB/s: a reply takes half a minute. */
const BAD = SHRUNK * 8 * KIB
const WINDOW_MS = REQUEST_TIMEOUT_MS / SHRUNK

const BLOCK = blockId(new Uint8Array(32).fill(2))
const frameAt = (index: number): RequestBody => ({
  t: 'frame',
  chain: new Uint8Array(32),
  block: BLOCK,
  offset: index * FRAME_BYTES,
})

const giveFrames: SyncHandler = async (_caller, request) => ({
  t: 'frame',
  id: request.id,
  offset: request.t === 'frame' ? request.offset : 0,
  bytes: new Uint8Array(FRAME_BYTES).fill(request.t === 'frame' ? request.offset / FRAME_BYTES : 0),
})

interface Ends {
  readonly client: SyncClient
  readonly server: Host
  readonly line: SlowLine
  readonly faults: RpcFault[]
}

const closing: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})

/** Two hosts that know each other over such a line alone. */
async function ends(bytesPerSecond: number, handler?: SyncHandler): Promise<Ends> {
  const hosts = await startHosts(2)
  closing.push(() => stopAll(hosts))
  const [asker, server] = hosts as [Host, Host]
  const line = await SlowLine.open(Infinity)
  closing.push(() => line.close())
  line.target = Number(multiaddr(server.addresses()[0]).toString().split('/')[4])
  const faults: RpcFault[] = []
  const onFault = (_peer: unknown, fault: RpcFault): void => void faults.push(fault)
  const times = { helloMs: 20_000, replyMs: WINDOW_MS, drainMs: DRAIN_TIMEOUT_MS / SHRUNK }
  if (handler !== undefined) {
    closing.push(await serveSync({ host: server, log: silentLogger, handler, onFault, ...times }))
  }
  const client = new SyncClient({ host: asker, log: silentLogger, onFault, ...times })
  closing.push(async () => client.stop())
  const address = multiaddr(`/ip4/127.0.0.1/tcp/${String(line.port)}/p2p/${server.peerId.toString()}`)
  expect(await asker.connect(address, { signal: soon() })).toMatchObject({ ok: true })
  line.bytesPerSecond = bytesPerSecond
  return { client, server, line, faults }
}

async function streamOf({ client, server }: Ends): Promise<SyncStream> {
  const stream = await client.stream(server.peerId, { signal: soon() })
  if (!stream.ok) throw new Error(JSON.stringify(stream.fault))
  return stream.value
}

test('at 8 KiB/s all replies of a pull at full width come, whole and in time', { timeout: 120_000 }, async () => {
  const made = await ends(BAD, giveFrames)
  const stream = await streamOf(made)
  const asked = Array.from({ length: GETS_IN_FLIGHT + FRAMES_IN_FLIGHT }, (_, n) => n)
  const replies = await Promise.all(asked.map((n) => stream.request(frameAt(n), { signal: soon(100_000) })))
  for (const [n, reply] of replies.entries()) {
    if (!reply.ok || reply.value.t !== 'frame') throw new Error(JSON.stringify(reply))
    expect(Buffer.alloc(FRAME_BYTES, n).equals(reply.value.bytes)).toBe(true)
  }
  expect(stream.closed).toBe(false)
  expect(made.faults).toEqual([])
})

describe('what only drips', () => {
  test('as an answer: the stream ends, and its peer is free to be asked again', async () => {
    const made = await ends(Infinity)
    const drip = { wire: undefined as Wire | undefined }
    await made.server.libp2p.handle(SYNC_PROTOCOL, async (stream) => {
      const wire = new Wire(stream)
      await wire.greet()
      await wire.next()
      drip.wire = wire
    })
    const stream = await streamOf(made)
    const asked = stream.request(frameAt(0), { signal: soon() })
    const isOver = new Promise<void>((resolve) => stream.onClose(resolve))
    const whole = encodeReply({ t: 'frame', id: 1, offset: 0, bytes: new Uint8Array(FRAME_BYTES) })
    let at = 0
    const timer = setInterval(() => {
      const { wire } = drip
      if (wire?.isOpen === true) wire.writeRaw(wire.framed(whole).subarray(at, (at += PROGRESS_BYTES / 1000)))
    }, WINDOW_MS / 100)
    closing.push(async () => clearInterval(timer))
    await isOver
    expect(at).toBeGreaterThan(0)
    expect(await asked).toMatchObject({ fault: { code: 'RPC_TIMEOUT', ms: WINDOW_MS } })
  })

  test('in what it takes of an answer: its stream is cut, and the node serves on', async () => {
    const made = await ends(Infinity, giveFrames)
    const stream = await streamOf(made)
    // As if it read a byte now and then.
    made.line.bytesPerSecond = PROGRESS_BYTES / 10
    const asked = Array.from({ length: 32 }, (_, n) =>
      stream.request(frameAt(n), { signal: soon(), timeoutMs: 60_000 }),
    )
    const served = (): Stream[] =>
      made.server.libp2p
        .getConnections()
        .flatMap(({ streams }) => streams.filter(({ protocol }) => protocol === SYNC_PROTOCOL))
    await eventually(
      async () => served().length,
      (streams) => streams === 0,
    )
    made.line.bytesPerSecond = Infinity
    for (const reply of await Promise.all(asked)) expect(reply.ok).toBe(false)
    const again = await streamOf(made)
    expect(await again.request(frameAt(0), { signal: soon(), timeoutMs: 60_000 })).toMatchObject({ ok: true })
  })
})
