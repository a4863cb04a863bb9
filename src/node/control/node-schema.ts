/** Methods of the node itself and of keys (spec §10). Part of `schema.ts`. */
import * as z from 'zod'
import { method } from './method.ts'
import { none, passphrase } from './params.ts'
import { count, info } from './shapes.ts'

export const NODE_METHODS = {
  'host.info': method(
    'what this node is and where it listens',
    none,
    info,
    '`chains` and `peers` are counts; `readOnly`, why nothing is stored now',
  ),
  'host.stop': method('answers, then stops the daemon', none, z.literal(true)),
  'host.page': method('a link that opens the page in one browser, once', none, z.object({ link: z.string() })),
  'host.now': method(
    'the clock in ms; sets it with --test-clock',
    z.strictObject({ ms: z.number().int().nonnegative().exactOptional() }),
    count,
  ),

  'keys.shared': method(
    "a group's key: a random one, or from a passphrase",
    z.strictObject({ passphrase: passphrase.exactOptional() }),
    z.object({ key: z.string(), warning: z.string().exactOptional() }),
  ),
  'keys.pubpvt': method(
    "an author's key pair: a random one, or from a passphrase",
    z.strictObject({ passphrase: passphrase.exactOptional() }),
    z.object({ pub: z.string(), pvt: z.string(), warning: z.string().exactOptional() }),
  ),
} as const
