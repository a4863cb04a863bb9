/** What a program imports as `freechains`: a node of its own (docs/embedding.md). The client alone is `freechains/client`. */
import './base/polyfill.ts'
export { startNode, type ClientOptions, type EmbeddedNode, type StartOptions } from './daemon/embedded.ts'
export { NodeError, type NodeErrorCode } from './daemon/node-error.ts'
export type { Logger, LogLevel } from './base/log.ts'
export type { NodeConfig, NodeConfigChain } from './config/node-config.ts'
export type { Client } from './control/client/client.ts'
export type { ControlAddress } from './control/server/server.ts'
