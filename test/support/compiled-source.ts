import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import type { Test } from 'tap'
import ts from 'typescript'

/** For processes that run what was compiled: without what the tests' runner puts into every one, which costs half a second and catches signals. */
export const plainEnvironment = { ...process.env, NODE_OPTIONS: '' }

const project = fileURLToPath(new URL('../../', import.meta.url))

/**
 * A file and all of ours that it imports, as plain JavaScript in a directory of the test: a child process or a worker
 * thread starts from it in 40 ms, where the loader of the tests takes a second.
 *
 * @param entry a path in the project, such as `src/queue/queue-thread.ts`
 * @returns the URL of the compiled file
 */
export function compileSource (t: Test, entry: string): URL {
  const out = t.testdir()
  const compiled = new Set<string>()
  compile(join(project, entry))
  return pathToFileURL(join(out, entry.replace(/\.ts$/, '.js')))

  function compile (path: string): void {
    if (compiled.has(path)) return
    compiled.add(path)
    const { outputText } = ts.transpileModule(readFileSync(path, 'utf8'), {
      compilerOptions: { module: ts.ModuleKind.ES2022, target: ts.ScriptTarget.ES2023, verbatimModuleSyntax: true }
    })
    const target = join(out, relative(project, path).replace(/\.ts$/, '.js'))
    mkdirSync(dirname(target), { recursive: true })
    writeFileSync(target, outputText)
    for (const [, specifier] of outputText.matchAll(/(?:from |import\(|new URL\()'(\.[^']+)\.js'/g)) compile(join(dirname(path), `${specifier}.ts`))
  }
}
