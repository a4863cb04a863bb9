/** The public API of `freechains/client` (spec §10). It loads neither libp2p nor the database. */
export { connect, type ConnectOptions } from './app-client.ts'
export type {
  ChainCursor,
  ChainsCursor,
  Client,
  ClientOptions,
  Listening,
  ListenOptions,
  SignedPost,
  SignedVote,
} from './client.ts'
export { signerOf } from './signing.ts'
export type { Signer } from './drafting.ts'
export { ClientError, type ClientCode } from './client-error.ts'
export type { Method, ParamsOf, ResultFor, ResultOf, SubscriptionMethod } from '../schema.ts'
export type { BlockView, ControlEvent, ListedBlock } from '../shapes.ts'
