/**
 * What of a neighbour's RPC reaches gossipsub (spec §7), pure. The library keeps, for a while or for ever, what it is told
 * of any topic, with ids and backoffs of any size; here only what an honest neighbour of a joined chain says goes on.
 */
import type { RPC } from '@chainsafe/libp2p-gossipsub/message'
import { PRUNE_BACKOFF_S } from '../../../protocol/gossip-limits.ts'

/** Bytes of a message id: sha2-256 of the data. */
const MESSAGE_ID_BYTES = 32

/** What is known of the sender, and of this node. */
export interface RpcContext {
  readonly isJoined: (topic: string) => boolean
  /** Whether the sender is in this node's mesh of the topic. */
  readonly isMeshed: (topic: string) => boolean
  /** Whether to remember that the sender follows, or left, the topic. */
  readonly mayNote: (topic: string, subscribe: boolean) => boolean
  /** Takes one message of the sender's rate. */
  readonly takeMessage: () => boolean
  /** Whether {@link RpcContext.takeMessage} would succeed. */
  readonly hasMessages: () => boolean
  /** A message of a joined topic was dropped. */
  readonly onDropped: (topic: string) => void
}

export function filterRpc({ subscriptions, messages, control }: RPC, context: RpcContext): RPC {
  return {
    subscriptions: subscriptions.filter(
      ({ topic, subscribe }) => topic !== undefined && context.mayNote(topic, subscribe === true),
    ),
    messages: messages.filter(({ topic }) => {
      if (!context.isJoined(topic)) return false
      if (context.takeMessage()) return true
      context.onDropped(topic)
      return false
    }),
    ...(control === undefined ? {} : { control: filterControl(control, context) }),
  }
}

function filterControl(control: RPC.ControlMessage, context: RpcContext): RPC.ControlMessage {
  const { isJoined, isMeshed } = context
  const onJoined = ({ topicID }: { readonly topicID?: string }): boolean => topicID !== undefined && isJoined(topicID)
  return {
    // What was asked for and then dropped for its rate would count as a broken promise of the sender.
    ihave: context.hasMessages() ? control.ihave.filter(onJoined).map((one) => ({ ...one, ...realIds(one) })) : [],
    iwant: control.iwant.map(realIds),
    graft: control.graft.filter(onJoined),
    // The library would remember a backoff for whoever says so, also when its sender is long gone.
    prune: control.prune
      .filter(({ topicID }) => topicID !== undefined && isMeshed(topicID))
      .map(({ topicID, backoff }) => ({
        ...(topicID === undefined ? {} : { topicID }),
        ...(backoff === undefined ? {} : { backoff: Math.min(backoff, PRUNE_BACKOFF_S) }),
        peers: [],
      })),
    idontwant: control.idontwant.map(realIds),
  }
}

/** An id of another length is of no message here, and may have megabytes. */
function realIds({ messageIDs }: { readonly messageIDs: readonly Uint8Array[] }): { messageIDs: Uint8Array[] } {
  return { messageIDs: messageIDs.filter(({ byteLength }) => byteLength === MESSAGE_ID_BYTES) }
}
