import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import ts from 'typescript'

/** What an integrator's new project has; generated code of others is not made for `exactOptionalPropertyTypes`. */
const STRICT: ts.CompilerOptions = {
  strict: true,
  noUncheckedIndexedAccess: true,
  skipLibCheck: true,
  target: ts.ScriptTarget.ES2023,
  lib: ['lib.es2023.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
  module: ts.ModuleKind.NodeNext,
  types: []
}

/**
 * Compiles a client's program, and what it imports, strictly, and loads it.
 * @throws {Error} with the compiler's words when a type is wrong.
 */
export async function compileClient (folder: string, program: string): Promise<unknown> {
  const file = join(folder, 'program.ts')
  writeFileSync(file, program)
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}')
  const options: ts.CompilerOptions = { ...STRICT, rootDir: folder, outDir: folder }
  const compiled = ts.createProgram([file], options)
  const faults = ts.getPreEmitDiagnostics(compiled)
  if (faults.length > 0) {
    throw new Error(ts.formatDiagnostics(faults, { getCanonicalFileName: name => name, getCurrentDirectory: () => folder, getNewLine: () => '\n' }))
  }
  compiled.emit()
  return await import(pathToFileURL(join(folder, 'program.js')).href)
}
