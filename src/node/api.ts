/**
 * What the control port's methods do (spec §10): a thin layer that turns texts into the node's own types and its faults
 * into the port's errors. Rules live below; nothing is decided here.
 */
import { cidOfPayload, encodeAad } from '../dag/codec.ts'
import { chainOf, showChainId } from '../dag/chain.ts'
import { parsePrivateKey, type PrivateKey } from '../dag/crypto.ts'
import type { Block } from '../dag/block.ts'
import { bytesToHex } from '@noble/hashes/utils.js'
import { showId } from '../dag/ids.ts'
import { keyPair, sharedKey } from '../dag/keys.ts'
import { consensus, inOrder, traverse } from '../dag/order.ts'
import { resolvePrefix } from '../dag/prefix.ts'
import { hasFirstPostPioneer } from '../dag/sound.ts'
import { openGroup, openOwner } from '../dag/seal.ts'
import { judgeBlock } from '../reputation/verdict.ts'
import type { Joined } from './chains.ts'
import { ControlError } from './control/faults.ts'
import type { BlockView, Handlers } from './control/schema.ts'
import { listenAll, listenOne } from './listening.ts'
import type { NodeParts, OnNet } from './node-parts.ts'
import { orThrow } from './or-throw.ts'
import { peerHandlers } from './peer-api.ts'
import { readPayload } from './payloads.ts'
import { post } from './posting.ts'
import type { Replica } from './replica.ts'
import { statusOf } from './status.ts'
import { VERSION } from './version.ts'

export function createHandlers(parts: NodeParts): Handlers {
  return { ...hostHandlers(parts), ...chainsHandlers(parts), ...chainHandlers(parts), ...peerHandlers(parts) }
}

function hostHandlers({
  clock,
  host,
  chains,
  info,
}: NodeParts): Pick<Handlers, 'host.info' | 'host.now' | 'keys.shared' | 'keys.pubpvt'> {
  return {
    'host.info': () =>
      Promise.resolve({
        version: VERSION,
        peerId: host.peerId.toString(),
        addresses: host.addresses(),
        control: info.control(),
        dataDir: info.dataDir,
        chains: chains.all().length,
        peers: host.connections().length,
        uptimeMs: Math.round(performance.now() - info.startedAt),
      }),
    'host.now': async ({ ms }) => {
      if (ms === undefined) return clock.nowMs()
      if (clock.set === undefined) {
        throw new ControlError(
          'clock-not-settable',
          "this clock is the machine's: start the node with --test-clock to set it",
        )
      }
      clock.set(ms)
      for (const { replica } of chains.all()) await replica.settleClock()
      return clock.nowMs()
    },
    'keys.shared': async ({ passphrase }) => ({ key: bytesToHex(await sharedKey(passphrase)).toUpperCase() }),
    'keys.pubpvt': ({ passphrase }) => keyPair(passphrase),
  }
}

function chainsHandlers(parts: NodeParts): Pick<Handlers, `chains.${'join' | 'leave' | 'list' | 'listen'}`> {
  const { chains } = parts
  return {
    'chains.join': async ({ name, keys }) => {
      const chain = orThrow(chainOf(name, keys ?? []))
      orThrow(await chains.join(chain, { remember: true }))
      return { id: showChainId(chain) }
    },
    'chains.leave': async ({ name }) => {
      const found = chains.find(name)
      return found.ok && (await chains.leave(found.value.replica.chain))
    },
    'chains.list': () =>
      Promise.resolve(
        chains.all().map(({ replica }) => ({ name: replica.chain.params.name, id: showChainId(replica.chain) })),
      ),
    'chains.listen': (_params, { signal }) => Promise.resolve({ events: listenAll(parts, signal) }),
  }
}

type ChainMethod = Extract<keyof Handlers, `chain.${string}`>

function chainHandlers(parts: NodeParts): Pick<Handlers, ChainMethod> {
  const replicaOf = (text: string): Replica => orThrow(parts.chains.find(text)).replica
  return {
    'chain.genesis': ({ chain }) => Promise.resolve(showChainId(replicaOf(chain).chain)),
    'chain.heads': ({ chain, state }) => {
      const { graph } = replicaOf(chain)
      return Promise.resolve(state === 'blocked' ? [] : showAll(graph, inOrder(graph, graph.heads())))
    },
    'chain.get': async ({ chain, id, part, decrypt }) => {
      const replica = replicaOf(chain)
      const index = orThrow(resolvePrefix(replica.graph, id))
      if (index === 0)
        throw new ControlError(
          'block-not-found',
          "the genesis is derived from the chain's name and keys: it has no block to get",
        )
      const block = await replica.block(index)
      if (part === 'block') return viewOf(replica, index, block)
      return (await openPayload(replica, index, block, decrypt)).toString('base64')
    },
    'chain.post': async ({ chain, payload, text, sign, encrypt }, { signal }) => {
      const joined = orThrow(parts.chains.find(chain))
      const pvt = sign === undefined ? {} : { pvt: orThrow(parsePrivateKey(sign)) }
      const bytes = payload === undefined ? Buffer.from(text ?? '', 'utf8') : Buffer.from(payload, 'base64')
      await findFirstPost(joined, signal)
      const posted = orThrow(
        await post(joined.replica, { payload: bytes, toOwner: encrypt ?? false, ...pvt }, parts.clock),
      )
      return {
        id: showId(posted.height, posted.id),
        state: posted.ahead ? 'held' : 'accepted',
        ...(posted.why === undefined ? {} : { why: posted.why }),
      }
    },
    'chain.traverse': ({ chain, from }) => {
      const { graph } = replicaOf(chain)
      const known = from.map((id) => orThrow(resolvePrefix(graph, id)))
      return Promise.resolve(showAll(graph, traverse(graph, known)))
    },
    'chain.consensus': ({ chain }) => {
      const { graph } = replicaOf(chain)
      return Promise.resolve(showAll(graph, consensus(graph)))
    },
    'chain.status': ({ chain }) => Promise.resolve(statusOf(orThrow(parts.chains.find(chain)), parts)),
    'chain.listen': ({ chain, from }, { signal }) => {
      const { replica } = orThrow(parts.chains.find(chain))
      const known = from?.map((id) => orThrow(resolvePrefix(replica.graph, id)))
      return Promise.resolve({ events: listenOne(replica, known, signal) })
    },
  }
}

/** Ids as users see them. */
function showAll(graph: Replica['graph'], indexes: readonly number[]): string[] {
  return indexes.map((index) => showId(graph.height(index), graph.id(index)))
}

function viewOf({ chain, graph }: Replica, index: number, { id, header }: Block): BlockView {
  const accepted = graph.isAccepted(index)
  const verdict = orThrow(judgeBlock(chain, header))
  return {
    id: showId(header.height, id),
    height: header.height,
    time: header.time,
    ...(header.author === undefined ? {} : { author: header.author }),
    backs: showAll(graph, graph.backs(index)),
    ...(header.like === undefined ? {} : { like: { n: header.like.n, target: showTarget(graph, header.like.target) } }),
    pay: { cid: cidOfPayload(header.pay.id).toString(), size: header.pay.size, seal: header.pay.seal },
    state: accepted ? verdict.state : 'held',
    why: accepted ? verdict.why : "set aside: its time is ahead of this node's clock",
  }
}

function showTarget(graph: Replica['graph'], target: Block['id']): string {
  const index = graph.indexOf(target)
  return index === undefined ? target : showId(graph.height(index), target)
}

/** A payload as its author wrote it. */
async function openPayload(
  replica: Replica,
  index: number,
  block: Block,
  decrypt: string | undefined,
): Promise<Buffer> {
  const shown = showId(block.header.height, block.id)
  const stored = replica.missing.has(index) ? undefined : await readPayload(replica, block)
  if (stored === undefined) {
    throw new ControlError(
      'payload-missing',
      `the payload of ${shown} is not here yet: no peer has given it to us; it is asked for again`,
    )
  }
  const { key } = replica.chain.params
  if (key !== undefined) return Buffer.from(orThrow(openGroup(key, encodeAad(block.header), stored)))
  if (block.header.pay.seal !== 'owner') return Buffer.from(stored)
  if (decrypt === undefined) {
    throw new ControlError(
      'payload-sealed',
      `the payload of ${shown} is sealed to the chain's owner: pass the owner's private key with --decrypt`,
    )
  }
  const pvt: PrivateKey = orThrow(parsePrivateKey(decrypt))
  return Buffer.from(orThrow(openOwner(pvt, stored)))
}

/** Spec §2: posting into an empty forum first asks the peers that can be found. */
async function findFirstPost({ replica, attached }: Joined<OnNet>, signal: AbortSignal): Promise<void> {
  const { chain, graph } = replica
  if (!hasFirstPostPioneer(chain) || graph.acceptedCount > 0) return
  await attached.sync.askEverybody(signal)
}
