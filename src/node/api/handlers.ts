/**
 * The handlers of the control port (spec §10): a thin layer that parses text into the node's types and turns faults
 * into the port's errors. There is one file for each group of methods. The rules are in the rooms below; nothing is
 * decided here.
 */
import { isDiskFull, messageOf, StorageFailed } from '../storage/faults.ts'
import { ControlError } from '../control/error-codes.ts'
import type { Handlers } from '../control/schema.ts'
import { chainHandlers } from './chain-methods.ts'
import { chainsHandlers } from './chains-methods.ts'
import { hostHandlers } from './host-methods.ts'
import { keysHandlers } from './keys-methods.ts'
import type { NodeParts } from './node-parts.ts'
import { peerHandlers } from './peer-methods.ts'
import { postHandlers } from './post-methods.ts'

export function createHandlers(parts: NodeParts): Handlers {
  const handlers = {
    ...hostHandlers(parts),
    ...keysHandlers(),
    ...chainsHandlers(parts),
    ...chainHandlers(parts),
    ...postHandlers(parts),
    ...peerHandlers(parts),
  }
  return Object.fromEntries(
    Object.entries(handlers).map(([method, handler]) => [method, sayingWhatFailed(handler as Handler)]),
  ) as unknown as Handlers
}

type Handler = (...args: unknown[]) => Promise<unknown>

/** A disk that fails under a call is no defect of the daemon: the caller learns what happened. */
function sayingWhatFailed(handler: Handler): Handler {
  return async (...args) => {
    try {
      return await handler(...args)
    } catch (error) {
      if (isDiskFull(error) && !(error instanceof ControlError)) {
        const what = `nothing was stored (${messageOf(error)})`
        throw new ControlError('disk-full', `${what}: make room on the disk, then try again`)
      }
      if (!(error instanceof StorageFailed)) throw error
      const cause = error.cause instanceof Error ? ` (${error.cause.message})` : ''
      const why = `the data directory failed: ${error.message}${cause}; nothing of this call is kept`
      throw new ControlError('data-dir-unusable', `${why}; see to the disk, then start the node again`)
    }
  }
}
