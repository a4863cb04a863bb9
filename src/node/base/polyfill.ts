/**
 * What libp2p 3 expects and Node 20 lacks: `Promise.withResolvers`, nothing else (docs/decisions/0002). Imported for
 * its effect, before anything else, by every entry point. On a newer Node it changes nothing.
 */
function withResolvers<T>(this: PromiseConstructor): PromiseWithResolvers<T> {
  let resolve!: PromiseWithResolvers<T>['resolve']
  let reject!: PromiseWithResolvers<T>['reject']
  const promise = new this<T>((onResolve, onReject) => {
    resolve = onResolve
    reject = onReject
  })
  return { promise, resolve, reject }
}

if (!('withResolvers' in Promise)) {
  Object.defineProperty(Promise, 'withResolvers', {
    value: withResolvers,
    writable: true,
    configurable: true,
    enumerable: false,
  })
}

export {}
