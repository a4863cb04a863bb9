/** Methods on peers (spec §10). Part of `schema.ts`. */
import * as z from 'zod'
import { method } from './method.ts'
import { addr, chain, none } from './params.ts'
import { count, namedChain, peerCheckStep, peerView } from './shapes.ts'

const transfer = z.object({ new: count, missing: count, delayed: count.exactOptional() })
/** For the note on methods with such a result. */
const TRANSFER = 'of those missing, `delayed` are kept back for a while by the throttle; absent if none is'

export const PEER_METHODS = {
  'peer.list': method(
    'connected peers, and static ones that are not connected: why, and in how many ms they are tried again',
    none,
    z.array(peerView),
    '`chains` are names; `id` is missing where nobody knows it yet',
  ),
  'peer.add': method(
    'remembers a peer and keeps a connection to it',
    z.strictObject({ addr }),
    z.object({ id: z.string().exactOptional(), connected: z.boolean() }),
  ),
  'peer.remove': method(
    'forgets a peer that was added, by its address or its id, and lets go of the connection',
    z.strictObject({ addr }),
    z.object({ removed: z.array(z.string()), configured: z.array(z.string()) }),
    '`configured` are addresses of it that stay, for the config file names them',
  ),
  'peer.ping': method('round trip to a peer', z.strictObject({ addr }), z.object({ ms: z.number().nonnegative() })),
  'peer.chains': method('the chains that both have', z.strictObject({ addr }), z.array(namedChain)),
  'peer.send': method(
    'offers a chain to a peer now; counts what it gained',
    z.strictObject({ addr, chain }),
    transfer,
    `${TRANSFER}: there`,
  ),
  'peer.recv': method(
    'pulls a chain from a peer now; counts what came',
    z.strictObject({ addr, chain }),
    transfer,
    `${TRANSFER}: here, from whatever peer`,
  ),
  'peer.held': method(
    'asks a peer, by its address or id, for its held posts; gives those of them that are here now',
    z.strictObject({ addr, chain }),
    z.object({ ids: z.array(z.string()) }),
  ),
  'peer.check': method(
    'says which step of reaching a peer fails: resolve, dial, noise, identify, protocol, chain',
    z.strictObject({ addr, chain: chain.exactOptional() }),
    z.array(peerCheckStep),
  ),
} as const
