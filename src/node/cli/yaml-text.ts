/**
 * What the command needs of the YAML library, for `import()`: most commands read no file of names, and the library is slow
 * to load. It is CommonJS, whose names `import()` of the library itself would lose in a bundle.
 */
export { parse, stringify } from 'yaml'
