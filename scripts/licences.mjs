// The licences of packages whose code is in a bundle: they ask that their texts go with it.
import { readdirSync, readFileSync } from 'node:fs'
import { resolve } from 'node:path'

/**
 * @param top the folder that relative paths begin at
 * @param files paths of all files in the bundle
 */
export function licencesOf(top, files) {
  const packages = new Set(files.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path) ?? []))
  return [...packages]
    .sort()
    .map((path) => licenceIn(resolve(top, path)))
    .join('\n')
}

function licenceIn(folder) {
  const { name, version, license } = JSON.parse(readFileSync(resolve(folder, 'package.json'), 'utf8'))
  const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file))
  const texts = files.map((file) => readFileSync(resolve(folder, file), 'utf8').trim())
  return [`${name} ${version} (${license})`, ...texts, ''].join('\n\n')
}
