/**
 * The handlers of the control port (spec §10): a thin layer that parses text into the node's types and turns faults
 * into the port's errors. There is one file for each group of methods. The rules are in the rooms below; nothing is
 * decided here.
 */
import type { Handlers } from '../control/schema.ts'
import { chainHandlers } from './chain-methods.ts'
import { chainsHandlers } from './chains-methods.ts'
import { hostHandlers } from './host-methods.ts'
import { keysHandlers } from './keys-methods.ts'
import type { NodeParts } from './node-parts.ts'
import { peerHandlers } from './peer-methods.ts'

export function createHandlers(parts: NodeParts): Handlers {
  return {
    ...hostHandlers(parts),
    ...keysHandlers(),
    ...chainsHandlers(parts),
    ...chainHandlers(parts),
    ...peerHandlers(parts),
  }
}
