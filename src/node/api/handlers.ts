/**
 * The handlers of the control port (spec §10): a thin layer that parses text into the node's types and turns faults
 * into the port's errors. There is one file for each group of methods. The rules are in the rooms below; nothing is
 * decided here.
 */
import { ControlError } from '../control/error-codes.ts'
import type { Handlers, Method } from '../control/schema.ts'
import { chainHandlers } from './chain-methods.ts'
import { chainsHandlers } from './chains-methods.ts'
import { hostHandlers } from './host-methods.ts'
import { keysHandlers } from './keys-methods.ts'
import type { NodeParts } from './node-parts.ts'
import { peerHandlers } from './peer-methods.ts'
import { isDiskFull, messageOf } from '../storage/faults.ts'

export function createHandlers(parts: NodeParts): Handlers {
  return withTrueReason({
    ...hostHandlers(parts),
    ...keysHandlers(),
    ...chainsHandlers(parts),
    ...chainHandlers(parts),
    ...peerHandlers(parts),
  })
}

/** A write that fails because the disk is full is no defect of the daemon. */
function withTrueReason(handlers: Handlers): Handlers {
  type AnyHandler = (...args: readonly unknown[]) => Promise<unknown>
  const wrapped = Object.entries(handlers).map(([method, handle]) => {
    const call: AnyHandler = async (...args) => {
      try {
        return await (handle as AnyHandler)(...args)
      } catch (error) {
        if (error instanceof ControlError || !isDiskFull(error)) throw error
        throw new ControlError(
          'disk-full',
          `nothing was stored (${messageOf(error)}): make room on the disk, then try again`,
        )
      }
    }
    return [method as Method, call]
  })
  return Object.fromEntries(wrapped) as Handlers
}
