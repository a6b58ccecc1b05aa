import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'
import type TypeScript from 'typescript'

// As an ES module its nine megabytes would first be searched for names.
const ts = createRequire(import.meta.url)('typescript') as typeof TypeScript

/** What an integrator's new project has; generated code of others is not made for `exactOptionalPropertyTypes`. */
const STRICT: TypeScript.CompilerOptions = {
  strict: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: true,
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
  module: ts.ModuleKind.NodeNext,
  types: []
}

const parsed = new Map<string, TypeScript.SourceFile | undefined>()

/** Parses what every client shares, the libraries of the language first of all, once. */
function cachingHost (options: TypeScript.CompilerOptions): TypeScript.CompilerHost {
  const host = ts.createCompilerHost(options)
  return {
    ...host,
    getSourceFile: (name, ...rest) => {
      if (!parsed.has(name)) parsed.set(name, host.getSourceFile(name, ...rest))
      return parsed.get(name)
    }
  }
}

/**
 * Compiles a client's program, and what it imports, strictly, and loads it.
 * @throws {Error} with the compiler's words when a type is wrong.
 */
export async function compileClient (folder: string, program: string): Promise<unknown> {
  const file = join(folder, 'program.ts')
  writeFileSync(file, program)
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  const options: TypeScript.CompilerOptions = { ...STRICT, rootDir: folder, outDir: folder }
  const compiled = ts.createProgram([file], options, cachingHost(options))
  const faults = ts.getPreEmitDiagnostics(compiled)
  if (faults.length > 0) {
    throw new Error(ts.formatDiagnostics(faults, { getCanonicalFileName: name => name, getCurrentDirectory: () => folder, getNewLine: () => '\n' }))
  }
  compiled.emit()
  return await import(pathToFileURL(join(folder, 'program.js')).href)
}
