/** Every way a block, a chain name or a key can be wrong, as coded data (spec §2, §3). */
export type DagFault =
  | { readonly code: 'DAG_BAD_ID'; readonly text: string }
  | { readonly code: 'DAG_BAD_KEY'; readonly expected: string }
  | { readonly code: 'DAG_BAD_CHAIN_NAME'; readonly name: string; readonly why: string }
  | { readonly code: 'DAG_BAD_HEADER'; readonly why: string }
  | { readonly code: 'DAG_HEADER_TOO_LARGE'; readonly bytes: number }
  | { readonly code: 'DAG_BAD_BACKS'; readonly why: string }
  | { readonly code: 'DAG_MISSING_BACK'; readonly back: string }
  | { readonly code: 'DAG_BAD_HEIGHT'; readonly expected: number; readonly found: number }
  | { readonly code: 'DAG_BAD_TIME'; readonly why: string }
  | { readonly code: 'DAG_UNSIGNED' }
  | { readonly code: 'DAG_NOT_OWNER' }
  | { readonly code: 'DAG_OTHER_PIONEER'; readonly ours: string; readonly theirs: string }
  | { readonly code: 'DAG_BAD_SIGNATURE' }
  | { readonly code: 'DAG_BAD_SEAL'; readonly why: string }
  | { readonly code: 'DAG_BAD_LIKE'; readonly why: string }
  /** The type or the name of a payload. */
  | { readonly code: 'DAG_BAD_LABEL'; readonly why: string }
  /** The post that a post answers. */
  | { readonly code: 'DAG_BAD_REPLY'; readonly why: string }
  /** Both as stored; `seal`: how many of the bytes the seal adds. */
  | {
      readonly code: 'DAG_PAYLOAD_TOO_LARGE'
      readonly bytes: number
      readonly limit: number
      readonly seal: number
    }
  /** The reason of a vote. */
  | { readonly code: 'DAG_REASON_TOO_LONG'; readonly bytes: number; readonly limit: number }
  | { readonly code: 'DAG_BAD_PAYLOAD'; readonly why: string }
  | { readonly code: 'DAG_AMBIGUOUS_ID'; readonly matches: readonly string[] }
  | { readonly code: 'DAG_UNKNOWN_ID'; readonly text: string }
