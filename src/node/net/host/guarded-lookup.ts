/**
 * Looks up the names in addresses that peers told (spec §9). Such a name may stand for an address of this machine or of
 * the private network, which its owner could not tell by itself, so only public addresses are taken from it. Names that
 * the user wrote stand for whatever they stand for.
 */
import { lookup, type LookupAddress, type LookupAllOptions, type LookupOptions } from 'node:dns'
import type { LookupFunction } from 'node:net'
import { narrowest, scopeOfIp, type Scope } from './address-scope.ts'

/** A name that a peer told stands for no public address. */
export class NotPublic extends Error {
  override readonly name = 'NotPublic'
}

type LookUpAll = (
  name: string,
  options: LookupAllOptions,
  done: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void

export interface LookupRules {
  /** Whether the user wrote this name. */
  isOfUser(name: string): boolean
  /** What a name of the user stands for now. */
  onUserName(name: string, scope: Scope | undefined): void
}

/** The `lookup` option of a socket. */
export function guardedLookup(rules: LookupRules, lookUpAll: LookUpAll = lookup): LookupFunction {
  return (name, options: LookupOptions, done) => {
    lookUpAll(name, { ...options, all: true }, (error, found) => {
      if (error !== null) {
        done(error, [])
        return
      }
      const isOfUser = rules.isOfUser(name)
      if (isOfUser) rules.onUserName(name, narrowest(found.map(({ address }) => scopeOfIp(address))))
      const taken = isOfUser ? found : found.filter(({ address }) => scopeOfIp(address) === 'public')
      const [first] = taken
      if (first === undefined) done(new NotPublic(`${name} stands for no public address`), [])
      else if (options.all === true) done(null, taken)
      else done(null, first.address, first.family)
    })
  }
}
