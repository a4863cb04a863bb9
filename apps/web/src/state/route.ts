/** Where the reader is, as the part of the address behind `#`. */
export type Route =
  { readonly at: 'home' | 'keys' | 'node' } | { readonly at: 'chain'; readonly chain: string; readonly thread?: string }

export function routeOf(hash: string): Route {
  const [, place, name, thread] = hash.split('/')
  if (place === 'keys' || place === 'node') return { at: place }
  if (place !== 'c' || name === undefined || name === '') return { at: 'home' }
  const chain = decoded(name)
  if (chain === undefined) return { at: 'home' }
  return thread === undefined || thread === '' ? { at: 'chain', chain } : { at: 'chain', chain, thread }
}

export function hashOf(chain: string, thread?: string): string {
  return `#/c/${encodeURIComponent(chain)}${thread === undefined ? '' : `/${thread}`}`
}

function decoded(name: string): string | undefined {
  try {
    return decodeURIComponent(name)
  } catch {
    return undefined
  }
}
