/** The public API of `freechains/client` (spec §10). It loads neither libp2p nor the database. */
export { connect, type Client } from './app-client.ts'
export type {
  ChainCursor,
  ChainsCursor,
  ConnectOptions,
  Listening,
  ListenOptions,
  SignedPost,
  SignedVote,
} from './app-client.ts'
export { signerOf, type Signer } from './signing.ts'
export { ClientError, type ClientCode } from './client-error.ts'
export type { Method, ParamsOf, ResultFor, ResultOf, SubscriptionMethod } from '../schema.ts'
export type { BlockView, ControlEvent, ListedBlock } from '../shapes.ts'
