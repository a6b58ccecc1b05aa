import type { Test } from 'tap'

/**
 * The real package reads the process's environment and home: both are the test's own until it ends, and no ECS metadata is asked.
 * @returns The home.
 */
export function enterEnvironment (t: Test, env: Readonly<Record<string, string>>): string {
  const home = t.testdir({})
  const kept = { ...process.env }
  for (const name of Object.keys(process.env)) if (name.startsWith('ALIBABA_CLOUD_')) delete process.env[name]
  Object.assign(process.env, { HOME: home, ALIBABA_CLOUD_ECS_METADATA_DISABLED: 'true', ...env })
  t.teardown(() => {
    for (const name of Object.keys(process.env)) delete process.env[name]
    Object.assign(process.env, kept)
  })
  return home
}
