/** What a JSON-RPC 2.0 request looks like (the standard's §4); a batch is an array of them. Params are checked later. */
import { z } from 'zod'

/** Longest id that is echoed. */
const MAX_ID = 256

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value)

const requestSchema = z.object({
  jsonrpc: z.literal('2.0'),
  method: z.string().max(MAX_ID),
  // Arrays are legal in the standard and refused later: our params go by name.
  params: z.custom<object>((value) => isObject(value) || Array.isArray(value)).optional(),
  id: z.union([z.string().max(MAX_ID), z.number(), z.null()]).exactOptional(),
})

/** A request, or, without an id, a notification. */
export type RpcRequest = z.output<typeof requestSchema>

/** The request that `value` is, or `undefined`. */
export function parseRequest(value: unknown): RpcRequest | undefined {
  const parsed = requestSchema.safeParse(value)
  return parsed.success ? parsed.data : undefined
}

/** What is wrong with params or a result, on one line: `chain: expected string, received undefined`. Quotes no values. */
export function problemsOf(error: z.ZodError): string {
  return error.issues
    .slice(0, 5)
    .map((issue) => (issue.path.length === 0 ? issue.message : `${issue.path.join('.')}: ${issue.message}`))
    .join('; ')
}
