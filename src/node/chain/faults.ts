/** Why a chain cannot be joined or found on this node. */
export type RegistryFault =
  | { readonly code: 'CHAIN_NOT_JOINED'; readonly chain: string }
  | { readonly code: 'CHAIN_NAME_TAKEN'; readonly name: string; readonly joined: string }
