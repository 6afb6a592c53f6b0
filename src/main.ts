#!/usr/bin/env -S MALLOC_ARENA_MAX=1 node --max-semi-space-size=8
/** The process. What was compiled once is kept beside the sources, so that the next start is quick. */
import { enableCompileCache } from 'node:module';
import { fileURLToPath } from 'node:url';

enableCompileCache(fileURLToPath(new URL('../.cache', import.meta.url)));
const { run } = await import('./cli/cli.ts');
process.exitCode = await run(process.argv.slice(2));
